"""The characters that the paper can be set in: those of pdflatex and of the fonts of its style.

pdflatex is what arXiv compiles with. Its Times has the Latin letters of Europe in the encoding T1
and those of Vietnamese in T5; Greek letters and other signs are taken from mathematics. Any other
script would need a font of its own for a name or two.
"""

import re
import unicodedata

VIETNAMESE = frozenset(map(chr, range(0x1EA0, 0x1EFA))) - set("Ỳỳ") | set("ƠơƯư")
"""Letters that are in T5 only."""
# T1 also has ĵ, ŋ and the like, for which its Times prints a black box.
_LETTERS = frozenset(map(chr, range(0xC0, 0x180))) - set("ĦħĵĸĿŀŉŊŋŦŧſ")
_RARE_LETTERS = frozenset("ƒǍǎǏǐǑǒǓǔǢǣǦǧǨǩǪǫǴǵȘșȚțȲȳḂḃḍḞḟḠḡḥḰḱḷṃṅṇṛṣṭẎẏẐẑỲỳ")
_SIGNS = frozenset(map(chr, range(0xA1, 0xC0))) - {"\N{SOFT HYPHEN}"}
_PUNCTUATION = frozenset("‐‑–—―‘’‚“”„†‡•…‰‹›⁄€™ﬀﬁﬂﬃﬄ")
_COMMANDS = (
    "α alpha β beta γ gamma δ delta ε varepsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu "
    "ν nu ξ xi π pi ρ rho σ sigma τ tau υ upsilon φ varphi χ chi ψ psi ω omega Γ Gamma Δ Delta "
    "Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Φ Phi Ψ Psi Ω Omega "
    "≤ leq ≥ geq ≠ neq ≈ approx ≡ equiv ∼ sim ∞ infty ∈ in ∂ partial ∇ nabla √ surd "
    "ℓ ell ← leftarrow → rightarrow ↔ leftrightarrow ↑ uparrow ↓ downarrow ⇒ Rightarrow"
)
MATHEMATICS = {
    "\N{MINUS SIGN}": "-",
    **{sign: rf"\{name}" for sign, name in re.findall(r"(\S) (\S+)", _COMMANDS)},
    **{chr(0x2080 + digit): f"_{digit}" for digit in range(10)},
}
"""Signs that LaTeX sets as mathematics, and how."""
SETTABLE = (
    frozenset(map(chr, range(0x20, 0x7F)))
    | (_LETTERS | _RARE_LETTERS | VIETNAMESE | _SIGNS | _PUNCTUATION)
    | MATHEMATICS.keys()
)
"""All characters that the paper can be set in."""


def normal(text: str) -> str:
    """Return a text with composed letters (NFC), and one space for each run of white space."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))


def lacking(text: str) -> list[str]:
    """Return the characters of a text that the paper cannot be set in, each once, in its order."""
    return [character for character in dict.fromkeys(normal(text)) if character not in SETTABLE]


def described(character: str) -> str:
    """Return code point and name of a character, "U+4F60 (CJK UNIFIED IDEOGRAPH-4F60)"."""
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'which has no name')})"

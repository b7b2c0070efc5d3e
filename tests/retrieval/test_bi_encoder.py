"""What is a folder of a bi-encoder, and what is refused as none."""

import pytest
import torch

from lionrank.errors import UserError
from lionrank.retrieval.bi_encoder import load
from tests.support.bi_encoders import NAME, copied, package

CPU = torch.device("cpu")


def test_a_folder_of_a_package_is_that_folder():
    by_name, by_path = (load(source, CPU, "first_stages") for source in (NAME, str(package())))
    texts = ["the lion sleeps tonight"]
    torch.testing.assert_close(
        *(torch.from_numpy(each.encode_document(texts)) for each in (by_name, by_path)),
        rtol=0,
        atol=0,
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"modules": [{"type": "custom_st.Transformer", "path": ""}]}, "custom_st.Transformer is"),
        ({"modules": {"type": "x"}}, "its modules.json is damaged"),
        (
            {"config_sentence_transformers": {"model_type": "SparseEncoder"}},
            "it is a Sparse",
        ),
        ({"config": {"model_type": "unheard_of"}}, "sentence-transformers cannot load it"),
    ],
)
def test_what_is_no_bi_encoder_is_refused(tmp_path, changes, message):
    with pytest.raises(UserError) as caught:
        load(str(copied(tmp_path / "bi", **changes)), CPU, "first_stages")
    assert str(caught.value).startswith(f"first_stages: '{tmp_path}/bi'")
    assert message in str(caught.value)


def test_a_folder_without_modules_and_pickles_are_refused(tmp_path):
    folder = copied(tmp_path / "bi")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"pytorch_model\.bin is a pickle"):
        load(str(folder), CPU, "first_stages")
    (folder / "modules.json").unlink()
    with pytest.raises(UserError, match=r"it has no modules\.json"):
        load(str(folder), CPU, "first_stages")

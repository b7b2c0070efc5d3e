"""Config files, and values of `--config`, as Snakemake was given them."""

import pytest
from snakemake.cli import parse_config
from snakemake.common import dict_to_key_value_args

from lionrank.config import given
from lionrank.errors import UserError
from tests.support.configs import ROOT


def test_the_repositorys_own_config_files_pass():
    given.check_files([ROOT / "config.yaml", *sorted(ROOT.glob("config/*.yaml"))])


def test_equal_keys_in_a_file_are_named_each_time(tmp_path):
    path = tmp_path / "overlay.yaml"
    path.write_text("models:\n  gte: {label: A}\n  gte: {label: B}\n")
    for _ in range(2):
        with pytest.raises(UserError, match=r"overlay.yaml:3: the key 'gte' is in line 2 too"):
            given.check_files([ROOT / "config.yaml", path])


def test_json_that_is_no_yaml_is_left_to_snakemake(tmp_path):
    path = tmp_path / "overlay.json"
    path.write_text('{"paper": {"note": "\\ud83d\\ude00"}}')
    given.check_files([path])


VALUES = [
    ("grid={epochs: 2, test_sets: [dl19]}", {"grid": {"epochs": 2, "test_sets": ["dl19"]}}),
    ("retrieval={k1: 0.9, b: 1.0e-1}", {"retrieval": {"k1": 0.9, "b": 0.1}}),
    ("hub={namespace: null, private: false}", {"hub": {"namespace": None, "private": False}}),
    ("paper={note: ~, title: None}", {"paper": {"note": None, "title": None}}),
    ("tracking=None", {"tracking": None}),
    ("tracking=null", {"tracking": None}),
    ("tracking=", {"tracking": None}),
    ("tracking=wandb", {"tracking": "wandb"}),
    ("protocol=2020", {"protocol": 2020}),
    ("test_sets={dl19: {label: 2019 - a}}", {"test_sets": {"dl19": {"label": "2019 - a"}}}),
    ("dev_sets={}", {"dev_sets": {}}),
    ("ab={b: 010, c: 12:30}", {"ab": {"b": "010", "c": "12:30"}}),
    ("ab={b: 2020-01-01}", {"ab": {"b": "2020-01-01"}}),
]


@pytest.mark.parametrize(("argument", "value"), VALUES)
def test_a_value_of_the_command_line_is_read_as_in_a_file(argument, value):
    assert given.typed(parse_config([argument])) == value


@pytest.mark.parametrize(("argument", "value"), VALUES)
def test_the_jobs_that_snakemake_starts_are_given_the_same(argument, value):
    passed_on = dict_to_key_value_args(parse_config([argument]), quote_str=False, repr_obj=True)
    assert given.typed(parse_config(passed_on)) == value

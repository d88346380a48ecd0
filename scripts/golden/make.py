"""Writes test/golden: `python scripts/golden/make.py [NAME…]` (no name: everything). See README.md."""

import json
import platform
import shutil
import sys
from pathlib import Path

import numpy
import safetensors
import sklearn
import torch
import transformers
from safetensors.torch import save_file

from answers import answer_cases
from cases import CASES
from expected import expected
from folders import variants
from generation import generations
from linear import linear_fits
from loss_cases import loss_cases
from models import random_model
from training import curves, training_runs

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden"


def versions():
    return {
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "transformers": transformers.__version__,
        "safetensors": safetensors.__version__,
        "numpy": numpy.__version__,
        "scikit-learn": sklearn.__version__,
    }


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def shortest(value):
    """Floats as the shortest decimals that give the same float32."""
    if isinstance(value, float):
        return float(str(numpy.float32(value)))
    if isinstance(value, list):
        return [shortest(item) for item in value]
    if isinstance(value, dict):
        return {key: shortest(item) for key, item in value.items()}
    return value


def fresh(name):
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write_case(case):
    folder = fresh(case.name)
    model = random_model(case)
    model.save_pretrained(folder / "model")
    (folder / "model" / "generation_config.json").unlink(missing_ok=True)
    save_file(expected(model, case), folder / "expected.safetensors")
    manifest = {"kind": "case", "family": case.family, "seed": case.seed, "versions": versions()}
    write_json(folder / "manifest.json", manifest)


def write_variant(variant):
    folder = fresh(variant.name)
    tensors, about = variant.write(folder / "model")
    save_file(tensors, folder / "expected.safetensors")
    manifest = {"kind": "variant", "what": variant.what, **about, "versions": versions()}
    write_json(folder / "manifest.json", manifest)


def write_document(name, make):
    folder = fresh(name)
    text = json.dumps(shortest(make()), separators=(",", ":"))
    (folder / f"{name}.json").write_text(text.replace("},{", "},\n{") + "\n")
    write_json(folder / "manifest.json", {"kind": name, "versions": versions()})


def main(names):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    jobs = {case.name: lambda case=case: write_case(case) for case in CASES}
    jobs |= {variant.name: lambda variant=variant: write_variant(variant) for variant in variants()}
    jobs |= {
        "losses": lambda: write_document("losses", loss_cases),
        "generation": lambda: write_document("generation", generations),
        "answers": lambda: write_document("answers", answer_cases),
        "linear": lambda: write_document("linear", linear_fits),
        "training": lambda: write_document("training", training_runs),
        "curves": lambda: write_document("curves", curves),
    }
    for name in names or jobs:
        jobs[name]()
        print(name)
    size = sum(file.stat().st_size for file in GOLDEN.rglob("*") if file.is_file())
    print(f"{size / 1e6:.2f} MB in all")
    assert size < 5e6, "the fixtures must stay under 5 MB"


if __name__ == "__main__":
    main(sys.argv[1:])

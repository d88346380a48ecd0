"""What Transformers makes of the tiny models: token ids and log-probabilities, for test/assets.

    python scripts/tiny-models/expected.py > test/assets/tiny-models.json

Needs what scripts/golden/requirements.txt lists.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = [
    "Hello, w\u00f6rld!\n  two  blanks\t\u65e5\u672c e2e4",
    " a",
    "Q: 1\u00ad2 \x00\x7f<|endoftext|>",
    "FEN: 6k1/1R6/R7/8/8/8/8/6K1 w - - 0 1\nMove:\n",
]


def expected(folder: Path) -> dict:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = [tokenizer(text).input_ids for text in TEXTS]
    log_probabilities = []
    for sequence in ids:
        with torch.no_grad():
            logits = model(torch.tensor([sequence])).logits[0].double()
        target = torch.tensor(sequence[1:])[:, None]
        found = logits[:-1].log_softmax(-1).gather(1, target)[:, 0]
        log_probabilities.append([round(value, 6) for value in found.tolist()])
    return {
        "eos": tokenizer.eos_token_id,
        "parameters": sum(p.numel() for p in model.parameters()),
        "ids": ids,
        "logProbabilities": log_probabilities,
    }


models = Path(__file__).resolve().parents[2] / "assets" / "models"
found = {name: expected(models / name) for name in ("tiny-xs", "tiny-s", "tiny-m")}
json.dump({"texts": TEXTS, "models": found}, sys.stdout, indent=1)
print()

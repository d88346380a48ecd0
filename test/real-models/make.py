"""What SmolLM2-135M must give, computed by Transformers in float32: tokens, log-probabilities, a classifier's logits, its
loss and the gradient of every parameter, and how prompts go on.

    python3 test/real-models/make.py SMOLLM2_135M_FOLDER        (needs torch and transformers 5; not needed to run the tests)

Of a gradient g its norm and Σᵢ gᵢ sin(i + 1) are kept: its length and, through the second, its direction.
"""

import json
import os
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = [
    "The capital of France is Paris.",
    "a gorgeous , witty , seductive movie ",
    "x",
    "Q: Is the sky green? A: no",
    "def add(a, b):\n    return a + b\n",
    "東京 is in Japan; café costs 3.50 € 🙂",
    "Once upon a time there was a little girl who lived in a village near the forest. " * 20,
]
LABELS = [0, 1, 1, 0, 1, 0, 1]
PROMPTS = ["The capital of France is", "One, two, three, four,", "The opposite of hot is", "import numpy as"]
GREEDY_TOKENS = 3
MARGIN = 1e-3  # a choice nearer than this could be moved by rounding


def head_weights(width):
    """[2, D]: sin(j + 1 + k / 2) / √D, which the test writes down again."""
    j = torch.arange(width, dtype=torch.float64)
    return (torch.stack([torch.sin(j + 1), torch.sin(j + 1.5)]) / width**0.5).float()


def continuation(model, tokenizer, prompt):
    ids = tokenizer(prompt)["input_ids"]
    start = len(ids)
    for _ in range(GREEDY_TOKENS):
        best = model(torch.tensor([ids])).logits[0, -1].topk(2)
        assert best.values[0] - best.values[1] > MARGIN, f"close choice after {prompt!r}: take another prompt"
        ids.append(best.indices[0].item())
    text = tokenizer.decode(ids[start:])
    assert tokenizer(text)["input_ids"] == ids[start:], f"{text!r} is tokenised otherwise"
    return {"prompt": prompt, "completion": text}


def main():
    folder = sys.argv[1]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    sequences = [tokenizer(text)["input_ids"] for text in TEXTS]
    found = {"texts": TEXTS, "tokens": sequences, "labels": LABELS, "logProbabilities": []}
    with torch.no_grad():
        found["prompts"] = [continuation(model, tokenizer, prompt) for prompt in PROMPTS]
        for ids in sequences:
            rows = model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
            targets = torch.tensor(ids[1:], dtype=torch.long)
            found["logProbabilities"].append(rows.gather(1, targets[:, None])[:, 0].tolist())

    head = head_weights(model.config.hidden_size).requires_grad_()
    last = [model.model(torch.tensor([ids])).last_hidden_state[0, -1] for ids in sequences]
    logits = torch.stack(last) @ head.T
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(LABELS))
    loss.backward()
    gradients = {"score.weight": head.grad} | {name: p.grad for name, p in model.named_parameters()}
    found["logits"] = logits.tolist()
    found["loss"] = loss.item()
    found["gradients"] = {}
    for name, gradient in gradients.items():
        flat = gradient.double().flatten()
        wave = torch.sin(torch.arange(1, len(flat) + 1, dtype=torch.float64))
        found["gradients"][name] = [flat.norm().item(), (flat @ wave).item()]

    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "smollm2-135m.json")
    with open(out, "w") as file:
        file.write("{\n" + lines + "\n}\n")
    print(found["prompts"], found["loss"], [len(ids) for ids in sequences])


main()

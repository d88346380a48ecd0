"""Losses of short trainings with PyTorch's own optimizers."""

import torch
from torch.optim import _muon

from cases import CASES
from losses import cross_entropy
from models import last_hidden, pack, random_model, random_sequences, target_log_probabilities

CLASSES = 3
BATCH_LENGTHS = [7, 14, 3, 10]


def _float32_newton_schulz(gradient, coefficients, steps, eps):
    """PyTorch's function without its cast to bfloat16 (Jordan et al.; X <- aX + (bA + cA^2)X, A = XX^T)."""
    a, b, c = coefficients
    wide = gradient.size(0) <= gradient.size(1)
    x = gradient if wide else gradient.T
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide else x.T


def setup(case, batches):
    """A model, a random head and `batches` batches with soft labels, all from the case's seed."""
    generator = torch.Generator().manual_seed(case.seed + 4)
    model = random_model(case)
    width = model.config.hidden_size
    head = torch.nn.Parameter(torch.randn(CLASSES, width, generator=generator) / width**0.5)
    data = []
    for _ in range(batches):
        sequences = random_sequences(BATCH_LENGTHS, model.config.vocab_size, generator)
        targets = torch.randn(len(sequences), CLASSES, generator=generator).softmax(-1)
        data.append((sequences, targets))
    return model, head, data


def batch_loss(model, head, objective, sequences, targets):
    if objective == "xent":
        return cross_entropy(last_hidden(model, sequences).float() @ head.T, targets)
    return -torch.cat([p for p, _ in target_log_probabilities(model, sequences)]).mean()


def is_trunk_matrix(name, parameter):
    return parameter.ndim == 2 and (".layers." in name or ".h." in name)


def optimizers(kind, model, head, lr, head_lr, weight_decay):
    if kind == "adamw":
        groups = [{"params": list(model.parameters())}, {"params": [head], "lr": head_lr}]
        return [torch.optim.AdamW(groups, lr=lr, weight_decay=weight_decay)]
    if kind == "adam":
        groups = [{"params": list(model.parameters())}, {"params": [head], "lr": head_lr}]
        return [torch.optim.Adam(groups, lr=lr, weight_decay=weight_decay)]
    named = list(model.named_parameters())
    matrices = [p for n, p in named if is_trunk_matrix(n, p)]
    rest = [p for n, p in named if not is_trunk_matrix(n, p)] + [head]
    assert matrices
    return [
        torch.optim.Muon(matrices, lr=lr, weight_decay=weight_decay, adjust_lr_fn="original"),
        torch.optim.AdamW(rest, lr=head_lr, weight_decay=weight_decay),
    ]


def train(case, objective, kind, *, lr=1e-3, head_lr=1e-3, weight_decay=0.0, clip=1.0, steps=10, autocast=False,
          batches=10):
    """Losses before each update, and gradient norms before clipping."""
    _muon._zeropower_via_newtonschulz = _float32_newton_schulz
    model, head, data = setup(case, batches)
    parameters = [*model.parameters(), head]
    chosen = optimizers(kind, model, head, lr, head_lr, weight_decay)
    losses, norms = [], []
    for step in range(steps):
        for parameter in parameters:
            parameter.grad = None
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            loss = batch_loss(model, head, objective, *data[step % batches])
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(parameters, clip or float("inf"))))
        for optimizer in chosen:
            optimizer.step()
        losses.append(loss.item())
    return losses, norms


def _run(case, objective, optimizer, **settings):
    settings = {"lr": 1e-3, "head_lr": 1e-3, "weight_decay": 0.0, "clip": 1.0, **settings}
    losses, norms = train(case, objective, optimizer, **settings)
    return {
        "case": case.name,
        "objective": objective,
        "optimizer": optimizer,
        "lr": settings["lr"],
        "headLr": settings["head_lr"],
        "weightDecay": settings["weight_decay"],
        "clip": settings["clip"],
        "losses": losses,
        "gradNorms": norms,
    }


def _data(case, batches):
    """The batches and the head of `setup`, as the tests need them."""
    model, head, data = setup(case, batches)
    packed = [(*pack(sequences), targets) for sequences, targets in data]
    return {
        "classes": CLASSES,
        "head": head.detach().flatten().tolist(),
        "batches": [
            {"tokens": tokens.tolist(), "offsets": offsets.tolist(), "targets": targets.flatten().tolist()}
            for tokens, offsets, targets in packed
        ],
    }


def training_runs():
    by_name = {case.name: case for case in CASES}
    used = ["gpt2-odd", "llama-grouped", "mistral-window", "qwen2-window", "qwen3-layers"]
    runs = [_run(by_name[name], "xent", "adamw") for name in used]
    llama, gpt2, qwen3 = by_name["llama-grouped"], by_name["gpt2-odd"], by_name["qwen3-layers"]
    runs += [
        _run(llama, "lm", "adamw"),
        _run(gpt2, "lm", "adamw"),
        _run(llama, "xent", "adamw", weight_decay=0.5, head_lr=5e-3),
        _run(gpt2, "xent", "adam", weight_decay=0.5, clip=0.0),
        _run(llama, "xent", "adam"),
        _run(llama, "lm", "muon", lr=0.02),
        _run(qwen3, "lm", "muon", lr=0.01, weight_decay=0.1),
        _run(qwen3, "xent", "muon", lr=0.02),
        # Conv1D weights lie as [in, out]; PyTorch's factor for the shape takes them as they lie.
        _run(gpt2, "xent", "muon", lr=0.02),
    ]
    return {"data": {name: _data(by_name[name], 10) for name in used}, "runs": runs}


def curves():
    """Fifty steps in float32, and under autocast to bfloat16 to show what rounding alone does."""
    by_name = {case.name: case for case in CASES}
    found = []
    for name, objective in (("llama-grouped", "xent"), ("qwen3-tied", "lm"), ("gpt2-odd", "lm")):
        settings = dict(steps=50, batches=5)
        losses, _ = train(by_name[name], objective, "adamw", **settings)
        rounded, _ = train(by_name[name], objective, "adamw", autocast=True, **settings)
        drift = max(abs(a - b) / a for a, b in zip(losses, rounded))
        print(f"  {name} {objective}: autocast drifts {100 * drift:.2f} %, {losses[0]:.3f} to {losses[-1]:.3f}")
        found.append(
            {"case": name, "objective": objective, "lr": 1e-3, "clip": 1.0, "losses": losses, "autocast": rounded}
        )
    return {"data": {entry["case"]: _data(by_name[entry["case"]], 5) for entry in found}, "runs": found}

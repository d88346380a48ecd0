"""Losses at chosen logits, through a model: the head is solved for so that the batch gives those logits.

The engine's losses are reached through a model only. With fewer examples than hidden dimensions, a head exists that
maps the batch's hidden states to any logits; the gradient of that head then shows dLoss/dLogits in full.
"""

import torch

from folders import case_named
from losses import adaptive_confidence, confidence, cross_entropy, entropy, product, reverse_kl, window
from models import last_hidden, pack, random_model, random_sequences

CASE = "llama-grouped"
LENGTHS = [5, 9, 2, 12, 7, 4, 10, 3, 8, 6, 11]


def _soft(rows, generator, classes=2):
    return (1.5 * torch.randn(rows, classes, generator=generator)).softmax(-1)


def _targets_of_mean(mean_of_label_1):
    """Soft labels whose mean is exact in binary, so that the quantile falls on one example."""
    ones = torch.tensor(mean_of_label_1)
    return torch.stack([1 - ones, ones], dim=1)


def loss_cases():
    with torch.no_grad():
        model = random_model(case_named(CASE))
    generator = torch.Generator().manual_seed(777)
    sequences = random_sequences(LENGTHS, model.config.vocab_size, generator)
    found = [_xent(model, sequences[:rows], k, generator) for rows, k in ((1, 2), (7, 2), (11, 3), (6, 5))]
    for threshold in ("half", "weak-mean"):
        for rows in (1, 2, 7, 10, 11):
            logits = 1.5 * torch.randn(rows, 2, generator=generator)
            targets = _soft(rows, generator)
            for alpha in (0.0, 0.3, 0.75):
                found.append(_confidence(model, sequences[:rows], logits, targets, alpha, threshold))
        found += _edges(model, sequences, threshold, generator)
    found += _others(model, sequences, generator)
    return {"case": CASE, "cases": found}


def _edges(model, sequences, threshold, generator):
    """A zero head (all tied), a quantile on an example, means of 0 and 1, and near-certain students."""
    rows = 9
    zeros = torch.zeros(rows, 2)
    spread = 1.5 * torch.randn(rows, 2, generator=generator)
    certain = 12 * torch.randn(rows, 2, generator=generator)
    exact = _targets_of_mean([0.25, 0.75, 0.5, 0.5, 1.0, 0.0, 0.5, 0.25, 0.75])
    none, all_ones = _targets_of_mean([0.0] * rows), _targets_of_mean([1.0] * rows)
    pairs = [(zeros, _soft(rows, generator)), (spread, exact), (spread, none), (spread, all_ones), (certain, exact)]
    return [_confidence(model, sequences[:rows], l, t, 0.3, threshold) for l, t in pairs]


def _others(model, sequences, generator):
    """The remaining losses on batches of two and of four classes; only confidence at a number needs two."""
    losses = [
        ("product", product, {"alpha": 1.0, "beta": 1.0}),
        ("product", product, {"alpha": 0.5, "beta": 2.0}),
        ("reverse-kl", reverse_kl, {}),
        ("window", window, {"radius": 0.1}),
        ("window", window, {"radius": 0.25}),
        ("window", window, {"radius": "median"}),
        ("entropy", entropy, {"alpha": 0.3}),
        ("adaptive-confidence", adaptive_confidence, {"temperature": 1.0}),
        ("adaptive-confidence", adaptive_confidence, {"temperature": 0.5}),
    ]
    found = []
    for rows, classes in ((11, 2), (8, 4)):
        logits = 1.5 * torch.randn(rows, classes, generator=generator)
        targets = _soft(rows, generator, classes)
        for name, function, parameters in losses:

            def loss_of(logits, function=function, parameters=parameters):
                return function(logits, targets, **parameters), {}

            about = {"loss_name": name, **parameters}
            found.append(_case(model, sequences[:rows], logits, targets, loss_of, about))
    logits, targets = 1.5 * torch.randn(9, 2, generator=generator), _soft(9, generator)
    found.append(_confidence(model, sequences[:9], logits, targets, 0.4, 0.6))
    # A student that is certain, and labels that are hard: nothing may overflow. (No window of a radius has it.)
    certain = 12 * torch.randn(9, 2, generator=generator)
    hard = torch.nn.functional.one_hot((torch.rand(9, generator=generator) < 0.5).long(), 2).float()
    for name, function, parameters in losses:
        if isinstance(parameters.get("radius"), float):
            continue

        def loss_of(logits, function=function, parameters=parameters):
            return function(logits, hard, **parameters), {}

        about = {"loss_name": name, **parameters}
        found.append(_case(model, sequences[:9], certain, hard, loss_of, about))
    return found


def _head_for(hidden, logits):
    solved = torch.linalg.lstsq(hidden.double(), logits.double(), driver="gelsd").solution.T.float().contiguous()
    return solved if logits.abs().max() > 0 else torch.zeros_like(solved)


def _case(model, sequences, wanted, targets, loss_of, about):
    with torch.no_grad():
        hidden = last_hidden(model, sequences)
    head = _head_for(hidden, wanted)
    logits = (hidden @ head.T).requires_grad_()
    assert (logits - wanted).abs().max() < 1e-3
    loss, extra = loss_of(logits)
    loss.backward()
    tokens, offsets = pack(sequences)
    return {
        **about,
        "classes": wanted.shape[1],
        "tokens": tokens.tolist(),
        "offsets": offsets.tolist(),
        "targets": targets.flatten().tolist(),
        "head": head.flatten().tolist(),
        "logits": logits.detach().flatten().tolist(),
        "loss": loss.item(),
        "dLogits": logits.grad.flatten().tolist(),
        "headGradient": (logits.grad.T @ hidden).flatten().tolist(),
        **extra,
    }


def _xent(model, sequences, classes, generator):
    wanted = 1.5 * torch.randn(len(sequences), classes, generator=generator)
    targets = _soft(len(sequences), generator, classes)
    return _case(
        model, sequences, wanted, targets, lambda l: (cross_entropy(l, targets), {}), {"loss_name": "xent"}
    )


def _confidence(model, sequences, wanted, targets, alpha, threshold):
    def loss_of(logits):
        loss, hard = confidence(logits, targets, alpha, threshold)
        return loss, {"hard": hard.tolist()}

    about = {"loss_name": "confidence", "alpha": alpha, "threshold": threshold}
    return _case(model, sequences, wanted, targets, loss_of, about)

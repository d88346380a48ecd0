"""Losses at chosen logits, through a model: the head is solved for so that the batch gives those logits.

The engine's losses are reached through a model only. With fewer examples than hidden dimensions, a head exists that
maps the batch's hidden states to any logits; the gradient of that head then shows dLoss/dLogits in full.
"""

import torch

from folders import case_named
from losses import confidence, cross_entropy
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

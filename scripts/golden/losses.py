"""The losses as DESIGN 3.6 and their papers define them, written for reading, differentiated by autograd."""

import torch


def cross_entropy(logits, targets):
    """Mean over the batch of -sum_k targets_k log softmax(logits)_k."""
    return -(targets * logits.log_softmax(-1)).sum(-1).mean()


def harden_half(probability_one):
    """Burns et al. A.4: the floor(B/2) examples likeliest to be label 1 are positive; ties: lower index first."""
    order = sorted(range(len(probability_one)), key=lambda i: (-float(probability_one[i]), i))
    positive = set(order[: len(order) // 2])
    return torch.tensor([1 if i in positive else 0 for i in range(len(order))])


def harden_weak_mean(probability_zero, targets):
    """The released code: label 0 where P(0) is at least its quantile at the batch's mean weak P(label 1)."""
    values = sorted(float(p) for p in probability_zero)
    position = float(targets[:, 1].mean()) * (len(values) - 1)
    below = min(int(position), len(values) - 1)
    above = min(below + 1, len(values) - 1)
    threshold = values[below] + (position - below) * (values[above] - values[below])
    return torch.tensor([0 if float(p) >= threshold else 1 for p in probability_zero])


def confidence(logits, targets, alpha, threshold):
    """(1 - alpha) CE(f, f_w) + alpha CE(f, h); h is the student's own hardened prediction, detached."""
    probabilities = logits.detach().softmax(-1)
    if threshold == "half":
        hard = harden_half(probabilities[:, 1])
    else:
        hard = harden_weak_mean(probabilities[:, 0], targets)
    own = torch.nn.functional.one_hot(hard, 2).to(logits.dtype)
    return (1 - alpha) * cross_entropy(logits, targets) + alpha * cross_entropy(logits, own), hard

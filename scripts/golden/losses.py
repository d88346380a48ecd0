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
    elif isinstance(threshold, float):
        hard = (probabilities[:, 1] >= threshold).long()
    else:
        hard = harden_weak_mean(probabilities[:, 0], targets)
    own = torch.nn.functional.one_hot(hard, 2).to(logits.dtype)
    return (1 - alpha) * cross_entropy(logits, targets) + alpha * cross_entropy(logits, own), hard


def product(logits, targets, alpha, beta):
    """CE(f, t) with t proportional to f^beta y^alpha, detached (0^0 = 1)."""
    powers = logits.detach().softmax(-1) ** beta * targets**alpha
    return cross_entropy(logits, powers / powers.sum(-1, keepdim=True))


def reverse_kl(logits, targets):
    """KL(f || y); y is mixed with a millionth of the uniform distribution, so that no label is 0."""
    log_f = logits.log_softmax(-1)
    label = (1 - 1e-6) * targets + 1e-6 / targets.shape[1]
    return (log_f.exp() * (log_f - label.log())).sum(-1).mean()


def window(logits, targets, radius):
    """CE where max f < 1/2 + radius, or is at most the batch's (lower) median; divided by the whole batch."""
    surest = logits.detach().double().softmax(-1).amax(-1)
    inside = surest <= surest.median() if radius == "median" else surest < 0.5 + radius
    return -((targets * logits.log_softmax(-1)).sum(-1) * inside).mean()


def entropy(logits, targets, alpha):
    """(1 - alpha) CE(f, y) + alpha H(f), with the gradient through H."""
    log_f = logits.log_softmax(-1)
    return (1 - alpha) * cross_entropy(logits, targets) - alpha * (log_f.exp() * log_f).sum(-1).mean()


def adaptive_confidence(logits, targets, temperature):
    """AdaptConf (arXiv 2402.03749): (1 - beta) CE(f, y) + beta CE(f, argmax f), beta detached, one an example."""
    own = torch.nn.functional.cross_entropy(logits, logits.argmax(-1), reduction="none")
    weak = torch.nn.functional.cross_entropy(logits, targets.argmax(-1), reduction="none")
    beta = torch.stack([own, weak]).div(temperature).softmax(0)[0].detach()
    ce = -(targets * logits.log_softmax(-1)).sum(-1)
    return ((1 - beta) * ce + beta * own).mean()

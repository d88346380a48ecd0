"""Linear probes: multinomial logistic regression by scikit-learn, and by torch.optim.Adam in a given order."""

import numpy
import torch
from sklearn.linear_model import LogisticRegression

SEED = 515


def _data(rows, dimension, classes, generator):
    features = torch.randn(rows, dimension, generator=generator)
    truth = torch.randn(dimension, classes, generator=generator)
    noisy = features @ truth + 1.5 * torch.randn(rows, classes, generator=generator)
    return features + 0.5, noisy.argmax(-1), noisy


def _logistic(rows, dimension, classes, l2, generator):
    """C = 1 / (N l2). For two classes scikit-learn fits one vector w = W_1 - W_0, whose penalty is half of ours."""
    features, labels, _ = _data(rows, dimension, classes, generator)
    strength = l2 / 2 if classes == 2 else l2
    fit = LogisticRegression(C=1 / (rows * strength), tol=1e-12, max_iter=10_000)
    fit.fit(features.double().numpy(), labels.numpy())
    probabilities = fit.predict_proba(features.double().numpy())
    chosen = probabilities[numpy.arange(rows), labels.numpy()]
    penalty = 0.5 * strength * float((fit.coef_**2).sum())
    return {
        "classes": classes,
        "dimension": dimension,
        "l2": l2,
        "features": features.flatten().tolist(),
        "labels": labels.tolist(),
        "weight": fit.coef_.flatten().tolist(),
        "bias": fit.intercept_.tolist(),
        "loss": float(-numpy.log(chosen).mean()) + penalty,
    }


def _adam(rows, dimension, classes, l2, generator, *, lr, epochs, batch_size):
    features, _, noisy = _data(rows, dimension, classes, generator)
    targets = noisy.softmax(-1)
    order = torch.cat([torch.randperm(rows, generator=generator) for _ in range(epochs)])
    weight = torch.zeros(classes, dimension, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.Adam([{"params": [weight], "weight_decay": l2}, {"params": [bias]}], lr=lr)
    steps = 0
    for epoch in order.view(epochs, rows):
        for batch in epoch.split(batch_size):
            optimizer.zero_grad()
            logits = features[batch].double() @ weight.T + bias
            (-(targets[batch].double() * logits.log_softmax(-1)).sum(-1).mean()).backward()
            optimizer.step()
            steps += 1
    with torch.no_grad():
        log_f = (features.double() @ weight.T + bias).log_softmax(-1)
        loss = -(targets.double() * log_f).sum(-1).mean() + 0.5 * l2 * (weight**2).sum()
    return {
        "classes": classes,
        "dimension": dimension,
        "l2": l2,
        "lr": lr,
        "epochs": epochs,
        "batchSize": batch_size,
        "features": features.flatten().tolist(),
        "targets": targets.flatten().tolist(),
        "order": order.tolist(),
        "weight": weight.detach().flatten().tolist(),
        "bias": bias.detach().tolist(),
        "loss": loss.item(),
        "steps": steps,
    }


def linear_fits():
    generator = torch.Generator().manual_seed(SEED)
    return {
        "logistic": [_logistic(60, 4, classes, l2, generator) for classes, l2 in ((2, 0.1), (3, 0.02), (4, 0.5))],
        "adam": [
            _adam(37, 5, 3, 0.0, generator, lr=1e-2, epochs=6, batch_size=10),
            _adam(24, 3, 2, 0.05, generator, lr=3e-2, epochs=8, batch_size=24),
        ],
    }

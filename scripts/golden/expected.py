"""What a folder must give: read-outs, losses and the gradient of every parameter under four objectives."""

import torch

from losses import cross_entropy
from models import check_gradients, gradients, last_hidden, pack, random_sequences, target_log_probabilities

CLASSES = 3
# Longer than every window; one sequence of a single token, which has a class but no target token.
CLASS_LENGTHS = [9, 1, 17, 2, 25, 6]
TEXT_LENGTHS = [8, 2, 21, 13, 27]
TARGET_STARTS = [5, 1, 20, 1, 9]


def expected(model, case):
    """All tensors of expected.safetensors. Dots in the names are read by test/native/fixtures.ts."""
    generator = torch.Generator().manual_seed(case.seed + 1)
    vocabulary = model.config.vocab_size
    texts = random_sequences(TEXT_LENGTHS, vocabulary, generator)
    starts = torch.tensor(TARGET_STARTS, dtype=torch.int32)
    found = {}
    found |= classifier(model, random_sequences(CLASS_LENGTHS, vocabulary, generator), generator)
    found |= language_model(model, texts, starts)
    found |= likelihood(model, texts, starts, generator)
    return {name: tensor.detach().contiguous() for name, tensor in found.items()}


def classifier(model, sequences, generator):
    """Cross-entropy on soft labels through a random linear head without bias."""
    width = model.config.hidden_size
    head = (torch.randn(CLASSES, width, generator=generator) / width**0.5).requires_grad_()
    targets = torch.randn(len(sequences), CLASSES, generator=generator).softmax(-1)
    model.zero_grad()
    hidden = last_hidden(model, sequences)
    logits = hidden @ head.T
    loss = cross_entropy(logits, targets)
    loss.backward()
    found = gradients(model)
    tied = model.config.tie_word_embeddings
    check_gradients(found, model, unused=set() if tied else {"lm_head.weight"})
    assert head.grad.abs().max() > 0
    tokens, offsets = pack(sequences)
    return {
        "cls.tokens": tokens,
        "cls.offsets": offsets,
        "cls.targets": targets,
        "cls.head": head,
        "cls.hidden": hidden,
        "cls.logits": logits,
        "cls.loss": loss.reshape(1),
        "grad.xent.head": head.grad,
        **{f"grad.xent.{name}": tensor for name, tensor in found.items()},
    }


def language_model(model, sequences, starts):
    """Mean over all target tokens of the batch: of whole texts, and of their completions only."""
    tokens, offsets = pack(sequences)
    result = {"text.tokens": tokens, "text.offsets": offsets, "text.target_starts": starts}
    for objective, begin in (("lm", None), ("completion", starts)):
        model.zero_grad()
        pieces = target_log_probabilities(model, sequences, begin)
        chosen = torch.cat([p for p, _ in pieces])
        loss = -chosen.mean()
        loss.backward()
        found = gradients(model)
        check_gradients(found, model, unused=set())
        result |= {f"grad.{objective}.{name}": tensor for name, tensor in found.items()}
        result[f"{objective}.loss"] = loss.reshape(1)
        if begin is None:
            logits = torch.cat([rows for _, rows in pieces])
            best = logits.topk(2, -1)
            # An argmax that rounding could move would make no fixture.
            assert (best.values[:, 0] - best.values[:, 1]).min() > 3e-5, "close argmax: take another seed"
            result["text.log_probabilities"] = chosen
            result["text.argmax"] = best.indices[:, 0].int()
    return result


def likelihood(model, sequences, starts, generator):
    """Logits [0, z], z = scale * log p(completion | prompt) + bias, under cross-entropy on soft labels."""
    scale = torch.tensor(0.11, requires_grad=True)
    bias = torch.tensor(2.3, requires_grad=True)
    targets = torch.randn(len(sequences), 2, generator=generator).softmax(-1)
    model.zero_grad()
    sums = torch.stack([p.sum() for p, _ in target_log_probabilities(model, sequences, starts)])
    z = scale * sums + bias
    logits = torch.stack([torch.zeros_like(z), z], dim=1)
    loss = cross_entropy(logits, targets)
    loss.backward()
    found = gradients(model)
    check_gradients(found, model, unused=set())
    return {
        "likelihood.scale": scale.reshape(1),
        "likelihood.bias": bias.reshape(1),
        "likelihood.targets": targets,
        "likelihood.logits": logits,
        "likelihood.loss": loss.reshape(1),
        "grad.likelihood.scale": scale.grad.reshape(1),
        "grad.likelihood.bias": bias.grad.reshape(1),
        **{f"grad.likelihood.{name}": tensor for name, tensor in found.items()},
    }

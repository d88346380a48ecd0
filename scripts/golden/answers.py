"""Label-token classification: the language model's logits of answer tokens after each text, and their gradients."""

import torch

from folders import case_named
from models import gradients, pack, random_model, random_sequences

LENGTHS = [7, 3, 12, 5]
TOKENS = [11, 4, 30]
SEED = 4242


def _one(name, vocabulary):
    case = case_named(name)
    generator = torch.Generator().manual_seed(SEED)
    model = random_model(case)
    sequences = random_sequences(LENGTHS, model.config.vocab_size, generator)
    targets = torch.randn(len(sequences), len(TOKENS), generator=generator).softmax(-1)
    last = torch.stack([model(tokens[None]).logits[0, -1].float() for tokens in sequences])
    full = last.log_softmax(-1)[:, TOKENS]
    logits = last[:, TOKENS] if vocabulary == "restricted" else full
    log_f = logits.log_softmax(-1) if vocabulary == "restricted" else full
    loss = -(targets * log_f).sum(-1).mean()
    model.zero_grad()
    loss.backward()
    found = gradients(model)
    unembedding = "lm_head.weight" if "lm_head.weight" in found else model.base_model_prefix + "." + (
        "wte.weight" if case.family == "gpt2" else "embed_tokens.weight")
    tokens, offsets = pack(sequences)
    return {
        "case": name,
        "vocabulary": vocabulary,
        "headTokens": TOKENS,
        "tokens": tokens.tolist(),
        "offsets": offsets.tolist(),
        "targets": targets.flatten().tolist(),
        "logits": logits.detach().flatten().tolist(),
        "loss": loss.item(),
        "unembedding": unembedding,
        "unembeddingGradient": found[unembedding].flatten().tolist(),
        "gradientNorms": {name: tensor.norm().item() for name, tensor in found.items()},
    }


def answer_cases():
    """A tied and an untied model, both vocabularies."""
    return {"cases": [_one(name, how) for name in ("llama-grouped", "qwen3-tied") for how in ("restricted", "full")]}

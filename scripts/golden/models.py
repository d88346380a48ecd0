"""Random Transformers models, packed token sequences, and one forward pass a sequence (so: no padding at all)."""

import torch
from transformers import AutoConfig, AutoModelForCausalLM


def random_model(case):
    """A causal language model whose weights are large enough for every part to matter."""
    config = AutoConfig.for_model(case.family, **case.config)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    generator = torch.Generator().manual_seed(case.seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(_spread(name, parameter, noise))
    return model.float().eval()


def _spread(name, parameter, noise):
    """Norm weights about 1, biases about 0, matrices so that a unit input gives a unit output."""
    if name.endswith("bias"):
        return 0.3 * noise
    if parameter.ndim == 1:
        return 1 + 0.3 * noise
    if "embed" in name or "wte" in name or "wpe" in name:
        return 0.5 * noise
    return noise / parameter.shape[1] ** 0.5


def random_sequences(lengths, vocabulary, generator):
    return [torch.randint(0, vocabulary, (n,), generator=generator) for n in lengths]


def pack(sequences):
    """tokens [N] and offsets [B + 1], both int32."""
    ends = torch.tensor([0] + [len(s) for s in sequences]).cumsum(0)
    return torch.cat(sequences).int(), ends.int()


def last_hidden(model, sequences):
    """Final hidden state (after the last norm) of each sequence's last token [B, D]."""
    return torch.stack([model.base_model(s[None]).last_hidden_state[0, -1] for s in sequences])


def target_log_probabilities(model, sequences, starts=None):
    """Per sequence: log-probabilities of its target tokens, and the logits they come from."""
    found = []
    for index, tokens in enumerate(sequences):
        start = 1 if starts is None else int(starts[index])
        logits = model(tokens[None]).logits[0, start - 1 : -1].float()
        chosen = logits.log_softmax(-1).gather(1, tokens[start:, None])[:, 0]
        found.append((chosen, logits))
    return found


def gradients(model):
    """Gradients by parameter name; tied weights once; parameters without one are left out."""
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def check_gradients(found, model, unused):
    """Every parameter has a gradient that is not zero, but for those that the loss does not reach."""
    for name, _ in model.named_parameters():
        reached = name in found and bool(found[name].abs().max() > 0)
        assert reached != (name in unused), f"gradient of {name}: reached={reached}"
        assert name not in found or bool(found[name].isfinite().all()), name

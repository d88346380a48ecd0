"""Model folders as older Transformers, the hub and other tools write them. Each is read back with Transformers."""

import json
import shutil
from dataclasses import dataclass
from typing import Callable

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from cases import CASES
from models import last_hidden, pack, random_model, random_sequences, target_log_probabilities

LENGTHS = [11, 3, 22]


@dataclass(frozen=True)
class Variant:
    name: str
    what: str
    write: Callable


def case_named(name):
    return next(case for case in CASES if case.name == name)


def _read(folder):
    return json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors")


def _write(folder, config, tensors):
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file({n: t.contiguous() for n, t in tensors.items()}, folder / "model.safetensors", {"format": "pt"})


def _causal_expected(folder, seed, reference=None):
    """Read-outs by Transformers from the rewritten folder; `reference` must agree where the weights are the same."""
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    sequences = random_sequences(LENGTHS, model.config.vocab_size, torch.Generator().manual_seed(seed))
    found = _read_outs(model, sequences)
    if reference is not None:
        for name, tensor in _read_outs(reference, sequences).items():
            assert torch.allclose(tensor, found[name], atol=1e-6), f"the rewritten folder {folder} reads differently: {name}"
    return found


@torch.no_grad()
def _read_outs(model, sequences):
    tokens, offsets = pack(sequences)
    chosen = torch.cat([p for p, _ in target_log_probabilities(model, sequences)])
    hidden = last_hidden(model, sequences)
    return {
        "text.tokens": tokens,
        "text.offsets": offsets,
        "text.log_probabilities": chosen.contiguous(),
        "text.hidden": hidden.contiguous(),
    }


def rewritten(name, base, what, change, same=True, finish=None):
    """A variant of case `base` after `change(config, tensors)`; `finish(folder)` may then touch the files."""
    case = case_named(base)

    def write(folder):
        model = random_model(case)
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        config, tensors = _read(folder)
        config, tensors = change(config, tensors)
        _write(folder, config, tensors)
        if finish:
            finish(folder)
        found = _causal_expected(folder, case.seed + 2, model if same else None)
        return found, {"base": base, "family": case.family, "seed": case.seed}

    return Variant(name, what, write)


# --- configurations ---------------------------------------------------------------------------------------------


def _version_4(rope_scaling, drop=()):
    """rope_theta and rope_scaling at the top level, torch_dtype, and none of version 5's own fields."""

    def change(config, tensors):
        parameters = config.pop("rope_parameters")
        config["rope_theta"] = parameters["rope_theta"]
        config["rope_scaling"] = rope_scaling(parameters)
        config["torch_dtype"] = config.pop("dtype")
        config["transformers_version"] = "4.44.2"
        for field in drop:
            config.pop(field)
        return config, tensors

    return change


def _linear_by_type(parameters):
    return {"type": "linear", "factor": parameters["factor"]}


def _by_rope_type(parameters):
    return {key: value for key, value in parameters.items() if key != "rope_theta"}


def _qwen_version_4(config, tensors):
    return _version_4(lambda _: None, drop=["layer_types"])(config, tensors)


def _unused_window(config, tensors):
    """As the hub's Qwen2.5: a window that is named but switched off."""
    config, tensors = _qwen_version_4(config, tensors)
    config |= {"use_sliding_window": False, "sliding_window": 4, "max_window_layers": 1}
    return config, tensors


KEPT = {
    "model_type", "architectures", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
    "num_attention_heads", "n_embd", "n_layer", "n_head", "n_positions", "max_position_embeddings",
}


def _minimal(*more):
    """Only sizes: everything else is left to the class's defaults."""

    def change(config, tensors):
        return {key: value for key, value in config.items() if key in KEPT or key in more}, tensors

    return change


# --- names of tensors -------------------------------------------------------------------------------------------


def _hub_gpt2(config, tensors):
    """As the hub's `gpt2`: no prefix, causal masks as buffers, no lm_head, keys of 2019."""
    tensors = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    n = config["n_positions"]
    for layer in range(config["n_layer"]):
        tensors[f"h.{layer}.attn.bias"] = torch.ones(n, n).tril().reshape(1, 1, n, n)
        tensors[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    old = {
        "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1,
        "bos_token_id": 0, "embd_pdrop": 0.1, "eos_token_id": 0, "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": n, "n_embd": config["n_embd"],
        "n_head": config["n_head"], "n_layer": config["n_layer"], "n_positions": n, "resid_pdrop": 0.1,
        "summary_activation": None, "summary_first_dropout": 0.1, "summary_proj_to_labels": True,
        "summary_type": "cls_index", "summary_use_proj": True,
        "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
        "vocab_size": config["vocab_size"],
    }
    return old, tensors


def _without_prefix(config, tensors):
    return config, {name.removeprefix("model."): tensor for name, tensor in tensors.items()}


def _with_inverse_frequencies(config, tensors):
    head = config["hidden_size"] // config["num_attention_heads"]
    inverse = 1.0 / 10000.0 ** (torch.arange(0, head, 2).float() / head)
    for layer in range(config["num_hidden_layers"]):
        tensors[f"model.layers.{layer}.self_attn.rotary_emb.inv_freq"] = inverse.clone()
    return config, tensors


def _with_tied_head(config, tensors):
    return config, {**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"].clone()}


def _cast(dtype, name):
    def change(config, tensors):
        return {**config, "dtype": name}, {key: tensor.to(dtype) for key, tensor in tensors.items()}

    return change


def _same(config, tensors):
    return config, tensors


def _shard(folder):
    model = AutoModelForCausalLM.from_pretrained(folder)
    shutil.rmtree(folder)
    model.save_pretrained(folder, max_shard_size="15KB")
    (folder / "generation_config.json").unlink(missing_ok=True)
    assert len(list(folder.glob("model-*.safetensors"))) > 2


# --- classifiers ------------------------------------------------------------------------------------------------


def classifier(name, base, labels):
    """A folder as AutoModelForSequenceClassification saves it, with a score.weight of its own."""
    case = case_named(base)

    @torch.no_grad()
    def write(folder):
        trunk = random_model(case)
        trunk.config.num_labels = labels
        model = AutoModelForSequenceClassification.from_config(trunk.config, attn_implementation="eager").eval()
        model.base_model.load_state_dict(trunk.base_model.state_dict())
        generator = torch.Generator().manual_seed(case.seed + 3)
        model.score.weight.copy_(torch.randn(model.score.weight.shape, generator=generator))
        model.save_pretrained(folder)
        sequences = random_sequences(LENGTHS, model.config.vocab_size, generator)
        again = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()
        logits = torch.cat([again(s[None]).logits for s in sequences])
        assert torch.allclose(logits, torch.cat([model(s[None]).logits for s in sequences]), atol=1e-6)
        tokens, offsets = pack(sequences)
        found = {"cls.tokens": tokens, "cls.offsets": offsets, "cls.logits": logits}
        return found, {"base": base, "family": case.family, "labels": labels, "seed": case.seed}

    return Variant(name, f"sequence classification with {labels} labels", write)


def variants():
    return [
        rewritten("as-llama-v4-linear", "llama-linear", "rope_scaling with `type`", _version_4(_linear_by_type)),
        rewritten("as-llama-v4-llama3", "llama-llama3", "rope_scaling with `rope_type`", _version_4(_by_rope_type)),
        rewritten("as-qwen2-v4-window", "qwen2-window", "window from max_window_layers", _qwen_version_4),
        rewritten("as-qwen2-v4-unused", "qwen2-plain", "a window that is switched off", _unused_window),
        rewritten("as-hub-gpt2", "gpt2-odd", "the hub's gpt2: no prefix, buffers, old keys", _hub_gpt2),
        rewritten("as-qwen3-no-prefix", "qwen3-tied", "base prefix absent", _without_prefix),
        rewritten("as-llama-inv-freq", "llama-grouped", "rotary_emb.inv_freq buffers", _with_inverse_frequencies),
        rewritten("as-mistral-tied-head", "mistral-full", "tied lm_head present", _with_tied_head),
        rewritten("as-mistral-sharded", "mistral-window", "sharded", _same, finish=_shard),
        rewritten("as-llama-f16", "llama-grouped", "float16 weights", _cast(torch.float16, "float16"), same=False),
        rewritten("as-qwen3-bf16", "qwen3-tied", "bfloat16 weights", _cast(torch.bfloat16, "bfloat16"), same=False),
        rewritten("as-gpt2-minimal", "gpt2-odd", "minimal config.json", _minimal()),
        rewritten("as-llama-minimal", "llama-grouped", "minimal config.json", _minimal("num_key_value_heads")),
        rewritten("as-qwen2-minimal", "qwen2-plain", "minimal config.json", _minimal("num_key_value_heads")),
        rewritten("as-qwen3-minimal", "qwen3-tied", "minimal config.json",
                  _minimal("num_key_value_heads", "head_dim", "tie_word_embeddings")),
        classifier("as-gpt2-classifier", "gpt2-odd", 3),
        classifier("as-llama-classifier", "llama-grouped", 2),
        classifier("as-qwen2-classifier", "qwen2-window", 4),
        classifier("as-mistral-scalar", "mistral-window", 1),
    ]

"""The shapes: three a family, each with switches that the others lack, small enough to be committed."""

from dataclasses import dataclass

LINEAR = {"rope_type": "linear", "factor": 2.5, "rope_theta": 10000.0}
# A context of 16 puts the wavelengths of these small heads on all three branches of the formula.
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
    "rope_theta": 500.0,
}


@dataclass(frozen=True)
class Case:
    name: str
    family: str
    config: dict
    seed: int


def _gpt2(name, seed, **config):
    shape = dict(vocab_size=53, n_positions=40, n_layer=2, bos_token_id=0, eos_token_id=0)
    return Case(name, "gpt2", {**shape, **config}, seed)


def _rotary(name, seed, **config):
    shape = dict(
        vocab_size=53,
        hidden_size=24,
        intermediate_size=23,
        num_hidden_layers=2,
        max_position_embeddings=64,
        bos_token_id=1,
        eos_token_id=2,
    )
    return Case(name, name.split("-")[0], {**shape, **config}, seed)


CASES = [
    # An odd size of heads; everything else is the class's default.
    _gpt2("gpt2-odd", 101, n_embd=21, n_head=3),
    _gpt2("gpt2-inverse", 102, n_embd=24, n_head=3, n_layer=3, n_inner=19, scale_attn_by_inverse_layer_idx=True),
    _gpt2(
        "gpt2-untied", 103, n_embd=22, n_head=2, n_inner=31, vocab_size=61, layer_norm_epsilon=1e-3,
        tie_word_embeddings=False,
    ),
    _rotary("llama-grouped", 201, num_attention_heads=4, num_key_value_heads=2),
    _rotary(
        "llama-linear", 202, num_attention_heads=3, num_key_value_heads=1, head_dim=10, vocab_size=59,
        attention_bias=True, mlp_bias=True, tie_word_embeddings=True, rope_parameters=LINEAR,
    ),
    _rotary(
        "llama-llama3", 203, hidden_size=28, num_attention_heads=2, num_key_value_heads=2, rms_norm_eps=1e-4,
        rope_parameters=LLAMA3,
    ),
    _rotary("mistral-window", 301, num_attention_heads=4, num_key_value_heads=2, sliding_window=7),
    _rotary(
        "mistral-full", 302, num_attention_heads=3, num_key_value_heads=1, head_dim=8, sliding_window=None,
        vocab_size=61, tie_word_embeddings=True,
    ),
    _rotary(
        "mistral-narrow", 304, num_attention_heads=6, num_key_value_heads=3, sliding_window=2, rms_norm_eps=1e-3,
        rope_parameters={"rope_type": "default", "rope_theta": 100.0},
    ),
    _rotary("qwen2-plain", 401, num_attention_heads=4, num_key_value_heads=4),
    _rotary(
        "qwen2-window", 402, num_attention_heads=4, num_key_value_heads=1, num_hidden_layers=3, vocab_size=59,
        tie_word_embeddings=True, use_sliding_window=True, sliding_window=5, max_window_layers=1,
    ),
    _rotary(
        "qwen2-linear", 403, hidden_size=24, intermediate_size=29, num_attention_heads=3, num_key_value_heads=1,
        rms_norm_eps=1e-4, rope_parameters=LINEAR,
    ),
    _rotary(
        "qwen3-tied", 501, num_attention_heads=3, num_key_value_heads=1, head_dim=10, tie_word_embeddings=True,
    ),
    _rotary(
        "qwen3-layers", 502, num_attention_heads=4, num_key_value_heads=2, head_dim=6, num_hidden_layers=3,
        use_sliding_window=True, sliding_window=4,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
    _rotary(
        "qwen3-bias", 503, hidden_size=25, num_attention_heads=2, num_key_value_heads=2, head_dim=12, vocab_size=59,
        attention_bias=True, rope_parameters=LLAMA3,
    ),
]

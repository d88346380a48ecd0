"""Writes a model of a named shape with seeded random weights, as a Hugging Face folder (float32).

    python3 bench/peers/models.py SHAPE OUT_FOLDER

Weights are drawn from a normal distribution of standard deviation 0.02, as Transformers initialises them (GPT-2 divides
that of its output projections by the root of twice the layers), on the CPU, with seed 0. No dropout: our engine has
none.
"""

import sys

import torch
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig


def gpt2(layers, width, heads):
    """A published GPT-2 shape: 50,257 tokens, context of 1,024."""
    return GPT2Config(n_layer=layers, n_embd=width, n_head=heads, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)


SHAPES = {
    "gpt2-124m": lambda: gpt2(12, 768, 12),
    "gpt2-350m": lambda: gpt2(24, 1024, 16),
    "gpt2-774m": lambda: gpt2(36, 1280, 20),
    "gpt2-1.5b": lambda: gpt2(48, 1600, 25),
    "llama-23m": lambda: LlamaConfig(
        vocab_size=32_000,
        hidden_size=384,
        intermediate_size=1024,
        num_hidden_layers=6,
        num_attention_heads=6,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
    ),
}


def main(shape, out):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(SHAPES[shape](), dtype=torch.float32)
    model.save_pretrained(out)
    print(f"{out}: {sum(parameter.numel() for parameter in model.parameters()) / 1e6:.1f} million parameters")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SHAPES:
        sys.exit(f"{__doc__}\nShapes: {', '.join(SHAPES)}")
    main(sys.argv[1], sys.argv[2])

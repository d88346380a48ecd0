"""Writes the first layers of a Llama folder as a model of its own: a weaker one with real pre-training.

    python3 bench/peers/cut_layers.py MODEL_FOLDER LAYERS OUT_FOLDER

Embeddings, final norm and tokenizer stay. Needs Transformers and PyTorch.
"""

import sys

from transformers import AutoModelForCausalLM, AutoTokenizer


def main(folder, layers, out):
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.model.layers = model.model.layers[:layers]
    model.config.num_hidden_layers = layers
    if getattr(model.config, "layer_types", None):
        model.config.layer_types = model.config.layer_types[:layers]
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(folder).save_pretrained(out)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"{out}: {layers} layers, {parameters / 1e6:.1f} million parameters")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])

"""Greedy continuations of every case by Transformers' own `generate`, with its cache, one prompt at a time."""

import torch
from transformers import GenerationConfig

from cases import CASES
from models import random_model, random_sequences

# One prompt of a single token; the longest lies beyond every window before the first new token.
PROMPT_LENGTHS = [5, 1, 19, 12]
# With the longest prompt still inside GPT-2's context of 40; far enough for every window to slide.
NEW_TOKENS = 20


def generations():
    """By case: prompts, their continuations, and log p of the likeliest token minus that of the second."""
    return [_case(case) for case in CASES]


@torch.no_grad()
def _case(case):
    model = random_model(case)
    generator = torch.Generator().manual_seed(case.seed + 4)
    prompts = random_sequences(PROMPT_LENGTHS, model.config.vocab_size, generator)
    found = [_continue(model, prompt) for prompt in prompts]
    return {
        "name": case.name,
        "prompts": [prompt.tolist() for prompt in prompts],
        "continuations": [tokens.tolist() for tokens, _ in found],
        "margins": [margins.tolist() for _, margins in found],
    }


def _continue(model, prompt):
    # No end token: every continuation has its full length.
    config = GenerationConfig(
        do_sample=False, max_new_tokens=NEW_TOKENS, pad_token_id=0, eos_token_id=None, bos_token_id=None,
        output_logits=True, return_dict_in_generate=True, use_cache=True,
    )
    model.generation_config = config
    out = model.generate(prompt[None], attention_mask=torch.ones_like(prompt[None]), generation_config=config)
    tokens = out.sequences[0, len(prompt) :]
    assert len(tokens) == NEW_TOKENS
    best = torch.cat(out.logits).float().log_softmax(-1).topk(2, -1)
    assert torch.equal(best.indices[:, 0], tokens)
    margins = best.values[:, 0] - best.values[:, 1]
    _check_without_cache(model, prompt, tokens, margins)
    return tokens, margins


def _check_without_cache(model, prompt, tokens, margins):
    """One forward pass over the whole text says the same wherever two tokens are not close."""
    logits = model(torch.cat([prompt, tokens])[None]).logits[0, len(prompt) - 1 : -1]
    clear = margins > 1e-4
    assert torch.equal(logits.argmax(-1)[clear], tokens[clear]), "the cache changes what is likeliest"

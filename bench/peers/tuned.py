"""(d) Transformers tuned by an expert.

    python3 bench/peers/tuned.py JOB.json     (what a job is: common.py)

On a GPU: the batch laid end to end, variable-length flash attention, torch.compile. On a CPU: the same optimizer batch
sorted by length, in micro-batches that are padded a little only, without a mask (on the right of a causal model padding
is never read), gradient norms of all parameters at once.
"""

import sys

import torch
from common import JOB, OFFSETS, ON_GPU, TOKENS, VERSIONS, autocast, classifier, length, on_device, padded, train
from varlen import flat_inputs, last_hidden, register

FLAT = ON_GPU or JOB.get("flatten", False)
register()
model = classifier("varlen" if FLAT else "sdpa").train()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0, fused=True)
trunk = model.base_model


def sorted_parts(batch):
    ordered, size = sorted(batch, key=length), JOB["micro_batch"]
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def padded_logits(ids, _mask):
    return model(input_ids=ids, use_cache=False).logits


def laid_end_to_end(rows):
    return flat_inputs([TOKENS[OFFSETS[index] : OFFSETS[index + 1]] for index in rows])


def flat_logits(*inputs):
    return model.score(last_hidden(trunk, *inputs))


def compiled():
    """The trunk through torch.compile, or as it is where the compiler stumbles over it: `compiled` says which."""
    global trunk
    trunk = torch.compile(model.base_model, dynamic=True)
    try:
        with autocast():
            logits = flat_logits(*on_device(laid_end_to_end(JOB["batches"][0])))
        logits.float().sum().backward()
    except Exception as error:  # noqa: BLE001  (whatever it is: the peer goes on without)
        print(f"torch.compile failed, going on without: {error}", file=sys.stderr)
        return model.base_model
    finally:
        optimizer.zero_grad(set_to_none=True)
    return trunk


if JOB.get("compile"):
    trunk = compiled()
    VERSIONS["compiled"] = trunk is not model.base_model
train(
    (lambda batch: [batch]) if FLAT else sorted_parts,
    laid_end_to_end if FLAT else padded,
    flat_logits if FLAT else padded_logits,
    model,
    optimizer,
    lambda p: torch.nn.utils.clip_grad_norm_(p, JOB["clip"], foreach=True),
)

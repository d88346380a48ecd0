"""(d) Transformers tuned by an expert.

    python3 bench/peers/tuned.py JOB.json     (what a job is: common.py)

On a GPU: the batch laid end to end, variable-length flash attention, torch.compile. On a CPU: the same optimizer batch
sorted by length, in micro-batches that are padded a little only, without a mask (on the right of a causal model padding
is never read), gradient norms of all parameters at once.
"""

import sys

import torch
from common import DEVICE, JOB, OFFSETS, ON_GPU, TOKENS, classifier, length, padded, train
from varlen import register

register()
model = classifier("varlen" if ON_GPU or JOB.get("flatten") else "sdpa").train()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0, fused=True)


def sorted_parts(batch):
    ordered, size = sorted(batch, key=length), JOB["micro_batch"]
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def padded_logits(rows):
    ids, _ = padded(rows)
    return model(input_ids=ids, use_cache=False).logits


trunk = model.base_model
if JOB.get("compile"):
    trunk = torch.compile(trunk, dynamic=True)


def flat_logits(rows):
    """Logits of sequences laid end to end."""
    lengths = torch.tensor([length(index) for index in rows])
    starts = torch.nn.functional.pad(lengths.cumsum(0), (1, 0))
    ids = torch.cat([TOKENS[OFFSETS[index] : OFFSETS[index + 1]] for index in rows])
    positions = torch.arange(len(ids)) - starts[:-1].repeat_interleave(lengths)
    hidden = trunk(
        input_ids=ids[None].to(DEVICE, non_blocking=True),
        position_ids=positions[None].to(DEVICE, non_blocking=True),
        use_cache=False,
        cu_seq_lens_q=starts.int().to(DEVICE, non_blocking=True),
        max_length_q=128 * -(-int(lengths.max()) // 128),  # rounded up: few different values, few recompilations
    ).last_hidden_state
    return model.score(hidden[0, (starts[1:] - 1).to(DEVICE, non_blocking=True)])


flat = ON_GPU or JOB.get("flatten")
if JOB.get("compile"):
    try:
        flat_logits(JOB["batches"][0]).sum().backward()
        optimizer.zero_grad(set_to_none=True)
    except Exception as error:  # noqa: BLE001  (whatever the compiler stumbles on: the peer goes on without it)
        print(f"torch.compile failed, going on without: {error}", file=sys.stderr)
        trunk = model.base_model
train(
    (lambda batch: [batch]) if flat else sorted_parts,
    flat_logits if flat else padded_logits,
    model,
    optimizer,
    lambda p: torch.nn.utils.clip_grad_norm_(p, JOB["clip"], foreach=True),
)

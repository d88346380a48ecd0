"""(c) Scoring as people run it: sorted by length over the whole set, padded, without gradients.

    python3 bench/peers/scoring.py JOB.json     (what a job is: common.py; a step is a pass over all sequences)
"""

import torch
from common import DEVICE, JOB, OFFSETS, autocast, classifier, length, on_device, padded, pinned, take_turns

model = classifier("sdpa").eval()
if JOB.get("head"):
    model.score.weight.data = torch.tensor(JOB["head"], device=DEVICE)
ORDER = sorted(range(len(OFFSETS) - 1), key=length)
SIZE = JOB["micro_batch"]
BATCHES = [ORDER[start : start + SIZE] for start in range(0, len(ORDER), SIZE)]
READY = [(rows, pinned(padded(rows))) for rows in BATCHES]


@torch.no_grad()
def one_pass():
    """Logits [B, K] in the order of the sequences."""
    logits = torch.empty(len(ORDER), JOB["classes"], device=DEVICE)
    for rows, inputs in READY:
        ids, mask = on_device(inputs)
        with autocast():
            logits[rows] = model(input_ids=ids, attention_mask=mask, use_cache=False).logits.float()
    return logits


def work(_first, count):
    for _ in range(count):
        logits = one_pass()
    return {"logits": logits}


take_turns(work)

"""(c) Scoring as people run it: sorted by length over the whole set, padded, without gradients.

    python3 bench/peers/scoring.py JOB.json     (what a job is: common.py; a step is a pass over all sequences)
"""

import torch
from common import DEVICE, JOB, OFFSETS, autocast, classifier, length, padded, take_turns

model = classifier("sdpa").eval()
if JOB.get("head"):
    model.score.weight.data = torch.tensor(JOB["head"], device=DEVICE)
ORDER = sorted(range(len(OFFSETS) - 1), key=length)


@torch.no_grad()
def one_pass():
    """Logits [B, K] in the order of the sequences."""
    logits = torch.empty(len(ORDER), JOB["classes"], device=DEVICE)
    size = JOB["micro_batch"]
    for start in range(0, len(ORDER), size):
        rows = ORDER[start : start + size]
        ids, mask = padded(rows)
        with autocast():
            logits[rows] = model(input_ids=ids, attention_mask=mask, use_cache=False).logits.float()
    return logits


def work(_first, count):
    for _ in range(count):
        logits = one_pass()
    return {"logits": logits}


take_turns(work)

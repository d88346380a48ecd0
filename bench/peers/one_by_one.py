"""(b) As the public weak-to-strong code runs it: float32, eager attention, a micro-batch of one, gradients summed up.

    python3 bench/peers/one_by_one.py JOB.json     (what a job is: common.py)
"""

import torch
from common import JOB, classifier, padded, train

model = classifier("eager").train()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0)


def logits_of(ids, _mask):
    return model(input_ids=ids, use_cache=False).logits


train(
    lambda batch: [[index] for index in batch],
    padded,
    logits_of,
    model,
    optimizer,
    lambda p: torch.nn.utils.clip_grad_norm_(p, JOB["clip"]),
)

"""(a) Transformers as people run it: padded batches, sdpa, fused AdamW; bf16 autocast on a GPU, float32 on a CPU.

    python3 bench/peers/padded.py JOB.json     (what a job is: common.py)
"""

import torch
from common import JOB, classifier, padded, train

model = classifier("sdpa").train()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0, fused=True)


def parts(batch):
    """The whole batch, unless the job says that it does not fit into memory."""
    size = JOB["micro_batch"]
    return [batch[start : start + size] for start in range(0, len(batch), size)]


def logits_of(ids, mask):
    return model(input_ids=ids, attention_mask=mask, use_cache=False).logits


train(parts, padded, logits_of, model, optimizer, lambda p: torch.nn.utils.clip_grad_norm_(p, JOB["clip"]))

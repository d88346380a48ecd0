"""One whole weak-to-strong experiment in PyTorch and Transformers, tuned: what `w2s-native train` is held against,
numbers and time.

    node bench/peers/rows.mjs rows.json --weak FOLDER --strong FOLDER --dataset chess-check --epochs 2
    python3 bench/peers/experiment.py --rows rows.json --weak FOLDER --strong FOLDER --threads 2

The rows and orders are those that rows.mjs wrote. AutoModelForSequenceClassification with float32 weights, fused AdamW,
gradients clipped at a norm of 1; a head of zeros; soft weak labels, cross-entropy; scoring sorted by length. Prints one
JSON document.

On a CPU: scaled dot-product attention in float32; an optimizer batch is sorted by length and computed in micro-batches,
padded a little only and without a mask (on the right of a causal model padding is never read). On a GPU, as tuned.py:
the optimizer batch at once, laid end to end, variable-length flash attention, bf16 autocast; without torch.compile,
which we expect (it was not measured) to take longer than the whole experiment.
"""

import argparse
import json
import math
import resource
import time


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", required=True)
    parser.add_argument("--weak", required=True)
    parser.add_argument("--strong", required=True)
    parser.add_argument("--lr", type=float, default=1e-5)
    parser.add_argument("--weak-lr", type=float, default=None)
    parser.add_argument("--head-lr", type=float, default=None, help="of both models; the model's own unless given")
    parser.add_argument("--schedule", choices=["constant", "linear", "cosine"], default="cosine")
    parser.add_argument("--warmup-steps", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--weak-epochs", type=int, default=None)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--micro-batch", type=int, default=None, help="8; on a GPU the optimizer batch")
    parser.add_argument("--score-batch", type=int, default=None, help="32; on a GPU 512")
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--flatten", action="store_true", help="lay batches end to end on a CPU too")
    return parser.parse_args()


ARGS = arguments()
import torch  # noqa: E402  (after the arguments, so that --help is quick)
import transformers  # noqa: E402
from transformers import AutoModelForSequenceClassification  # noqa: E402
from varlen import flat_inputs, last_hidden, register  # noqa: E402

torch.set_num_threads(ARGS.threads)
torch.manual_seed(0)
transformers.utils.logging.set_verbosity_error()
register()
DEVICE = torch.device(ARGS.device)
ON_GPU = DEVICE.type == "cuda"
FLAT = ON_GPU or ARGS.flatten
MICRO_BATCH = ARGS.micro_batch or (ARGS.batch_size if ON_GPU else 8)
SCORE_BATCH = ARGS.score_batch or (512 if ON_GPU else 32)
if ON_GPU:
    torch.set_float32_matmul_precision("high")


def classifier(folder):
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=2, dtype=torch.float32, attn_implementation="varlen" if FLAT else "sdpa"
    )
    torch.nn.init.zeros_(model.score.weight)
    return model.to(DEVICE)


def on_device(tensor):
    """A copy on the device that nobody waits for."""
    return tensor.pin_memory().to(DEVICE, non_blocking=True) if ON_GPU else tensor


def padded_logits(model, ids):
    """Of token lists that are padded on the right; read at the last token of each."""
    lengths = torch.tensor([len(each) for each in ids])
    tokens = torch.nn.utils.rnn.pad_sequence([torch.tensor(each) for each in ids], batch_first=True)
    hidden = model.base_model(input_ids=tokens, use_cache=False).last_hidden_state
    return model.score(hidden[torch.arange(len(ids)), lengths - 1])


def flat_logits(model, ids):
    """Of token lists that are laid end to end."""
    *tensors, longest = flat_inputs([torch.tensor(each) for each in ids])
    return model.score(last_hidden(model.base_model, *map(on_device, tensors), longest))


def logits_of(model, ids):
    """Float32 [rows, 2], on the device."""
    with torch.autocast(DEVICE.type, dtype=torch.bfloat16, enabled=ON_GPU):
        return (flat_logits if FLAT else padded_logits)(model, ids).float()


def factor(step, total):
    """Of both learning rates at an optimizer step."""
    if step < ARGS.warmup_steps:
        return (step + 1) / ARGS.warmup_steps
    share = (step - ARGS.warmup_steps) / max(1, total - ARGS.warmup_steps)
    return {"constant": 1.0, "linear": 1 - share, "cosine": (1 + math.cos(math.pi * share)) / 2}[ARGS.schedule]


def train(folder, ids, targets, orders, epochs, lr):
    model = classifier(folder).train()
    head_lr = lr if ARGS.head_lr is None else ARGS.head_lr
    groups = [
        {"params": model.base_model.parameters(), "lr": lr},
        {"params": model.score.parameters(), "lr": head_lr},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0, fused=True)
    targets = targets.to(DEVICE)
    size = ARGS.batch_size
    total = epochs * -(-len(ids) // size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(step, total))
    for epoch in range(epochs):
        for start in range(0, len(ids), size):
            batch = sorted(orders[epoch][start : start + size], key=lambda i: len(ids[i]))
            for first in range(0, len(batch), MICRO_BATCH):
                rows = batch[first : first + MICRO_BATCH]
                logits = logits_of(model, [ids[i] for i in rows])
                wanted = targets[on_device(torch.tensor(rows))]
                loss = torch.nn.functional.cross_entropy(logits, wanted, reduction="sum") / len(batch)
                loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), ARGS.clip, foreach=True)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            schedule.step()
    return model


@torch.inference_mode()
def score(model, ids):
    model.eval()
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    scored = [
        logits_of(model, [ids[i] for i in order[start : start + SCORE_BATCH]])
        for start in range(0, len(ids), SCORE_BATCH)
    ]
    logits = torch.empty(len(ids), 2)
    logits[order] = torch.cat(scored).cpu()
    return logits


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    with open(ARGS.rows) as file:
        parts = json.load(file)
    truth = {part: torch.tensor(parts[part]["labels"]) for part in parts}
    hard = {part: torch.nn.functional.one_hot(truth[part], 2).float() for part in ("weak", "transfer")}
    phases = {}

    def phase(name, work):
        wall, cpu = time.monotonic(), cpu_seconds()
        result = work()
        if ON_GPU:
            torch.cuda.synchronize()
        phases[name] = {"seconds": round(time.monotonic() - wall, 2), "cpuSeconds": round(cpu_seconds() - cpu, 2)}
        return result

    def ids(part, model):
        return parts[part]["tokens"][model]

    def accuracy(logits, part):
        return (logits.argmax(1) == truth[part]).double().mean().item()

    result = {}
    orders = {part: parts[part]["orders"] for part in ("weak", "transfer")}
    epochs, lr = ARGS.weak_epochs or ARGS.epochs, ARGS.weak_lr or ARGS.lr
    weak = phase("weak", lambda: train(ARGS.weak, ids("weak", "weak"), hard["weak"], orders["weak"], epochs, lr))
    result["weak"] = accuracy(phase("weak test", lambda: score(weak, ids("test", "weak"))), "test")
    labels = phase("labels", lambda: score(weak, ids("transfer", "weak")))
    result["labels"] = accuracy(labels, "transfer")
    del weak
    for name, targets in (("student", labels.softmax(1)), ("ceiling", hard["transfer"])):
        lists = ids("transfer", "strong")
        model = phase(name, lambda: train(ARGS.strong, lists, targets, orders["transfer"], ARGS.epochs, ARGS.lr))
        result[name] = accuracy(phase(f"{name} test", lambda: score(model, ids("test", "strong"))), "test")
        del model
    total = {unit: round(sum(each[unit] for each in phases.values()), 2) for unit in ("seconds", "cpuSeconds")}
    print(json.dumps({**result, "phases": phases, "total": total, "torch": torch.__version__}, indent=1))


main()

"""The experiment of `w2s-native train` in plain PyTorch and Transformers: what our numbers and times are held against.

    node bench/peers/rows.mjs rows.json --dataset sst2 --data train.tsv --test-data dev.tsv --train-size 1200 --test-size 800
    python3 bench/peers/weak_to_strong.py --rows rows.json --weak FOLDER --strong FOLDER --lr 1e-4 --head-lr 1e-3 \
        --warmup-steps 10 --epochs 2 --weak-epochs 3 --threads 2

Written as one would by hand, and as fast as that gets: AutoModel with scaled dot-product attention, a linear head without
bias on the last token, zero at first, float32, padded batches (of the rows that rows.mjs wrote, in its order), fused AdamW,
linear decay after warm-up, gradients clipped at a norm of 1. Soft weak labels, cross-entropy. Prints one JSON document.
"""

import argparse
import json
import resource
import time


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", required=True)
    parser.add_argument("--weak", required=True)
    parser.add_argument("--strong", required=True)
    parser.add_argument("--lr", type=float, default=1e-5)
    parser.add_argument("--head-lr", type=float, default=None)
    parser.add_argument("--warmup-steps", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--weak-epochs", type=int, default=None)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sort", action="store_true", help="score the test rows sorted by length, to pad less")
    return parser.parse_args()


ARGS = arguments()
import torch  # noqa: E402  (after the arguments, so that --help is quick)
from transformers import AutoModel, AutoTokenizer  # noqa: E402

torch.set_num_threads(ARGS.threads)
torch.manual_seed(0)


class Classifier(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.trunk = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
        self.head = torch.nn.Linear(self.trunk.config.hidden_size, 2, bias=False)
        torch.nn.init.zeros_(self.head.weight)

    def forward(self, tokens, mask):
        hidden = self.trunk(input_ids=tokens, attention_mask=mask, use_cache=False).last_hidden_state
        last = mask.sum(1) - 1
        return self.head(hidden[torch.arange(len(last)), last])


def padded(ids):
    width = max(map(len, ids))
    tokens = torch.tensor([each + [0] * (width - len(each)) for each in ids])
    mask = torch.tensor([[1] * len(each) + [0] * (width - len(each)) for each in ids])
    return tokens, mask


def train(folder, ids, targets, orders, epochs):
    model = Classifier(folder).train()
    head_lr = ARGS.lr if ARGS.head_lr is None else ARGS.head_lr
    groups = [{"params": model.trunk.parameters(), "lr": ARGS.lr}, {"params": model.head.parameters(), "lr": head_lr}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0, fused=True)
    size = ARGS.batch_size
    total = epochs * -(-len(ids) // size)

    def factor(k):
        if k < ARGS.warmup_steps:
            return (k + 1) / ARGS.warmup_steps
        return 1 - (k - ARGS.warmup_steps) / max(1, total - ARGS.warmup_steps)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for epoch in range(epochs):
        for start in range(0, len(ids), size):
            rows = orders[epoch][start : start + size]
            logits = model(*padded([ids[i] for i in rows]))
            loss = torch.nn.functional.cross_entropy(logits, targets[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), ARGS.clip)
            optimizer.step()
            schedule.step()
    return model


@torch.inference_mode()
def score(model, ids):
    model.eval()
    order = sorted(range(len(ids)), key=lambda i: len(ids[i])) if ARGS.sort else list(range(len(ids)))
    logits = torch.empty(len(ids), 2)
    for start in range(0, len(ids), ARGS.batch_size):
        rows = order[start : start + ARGS.batch_size]
        logits[rows] = model(*padded([ids[i] for i in rows]))
    return logits


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    parts = json.load(open(ARGS.rows))
    truth = {part: torch.tensor(parts[part]["labels"]) for part in parts}
    phases = {}

    def phase(name, work):
        wall, cpu = time.monotonic(), cpu_seconds()
        result = work()
        phases[name] = {"seconds": round(time.monotonic() - wall, 2), "cpuSeconds": round(cpu_seconds() - cpu, 2)}
        return result

    def tokenised(folder):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return {part: tokenizer(parts[part]["texts"])["input_ids"] for part in parts}

    def accuracy(logits, part):
        return (logits.argmax(1) == truth[part]).double().mean().item()

    weak_ids = phase("tokenise weak", lambda: tokenised(ARGS.weak))
    strong_ids = phase("tokenise strong", lambda: tokenised(ARGS.strong))
    hard = {part: torch.nn.functional.one_hot(truth[part], 2).float() for part in ("weak", "transfer")}
    weak_epochs = ARGS.weak_epochs or ARGS.epochs
    result = {}

    weak = phase("weak", lambda: train(ARGS.weak, weak_ids["weak"], hard["weak"], parts["weak"]["orders"], weak_epochs))
    result["weak"] = accuracy(phase("weak test", lambda: score(weak, weak_ids["test"])), "test")
    labels = phase("labels", lambda: score(weak, weak_ids["transfer"]))
    result["labels"] = accuracy(labels, "transfer")
    del weak
    for name, targets in (("student", labels.softmax(1)), ("ceiling", hard["transfer"])):
        orders = parts["transfer"]["orders"]
        model = phase(name, lambda: train(ARGS.strong, strong_ids["transfer"], targets, orders, ARGS.epochs))
        result[name] = accuracy(phase(f"{name} test", lambda: score(model, strong_ids["test"])), "test")
        del model
    total = {unit: round(sum(each[unit] for each in phases.values()), 2) for unit in ("seconds", "cpuSeconds")}
    print(json.dumps({**result, "phases": phases, "total": total, "torch": torch.__version__}, indent=1))


main()

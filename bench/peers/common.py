"""What the peers have in common: the job that they are given, its batches, the clock, and the rounds.

A job is a JSON file that `bench/peers.mjs` writes:

    model       folder in Hugging Face layout
    device      "cpu" or "cuda"
    dtype       "f32", or "bf16": autocast over float32 weights
    threads     CPU threads
    sequences   a JSON file {"tokens": [...], "offsets": [...]}: token lists end to end, B + 1 offsets
    pad         a token that none of the sequences ends in
    targets     soft labels, one row of K probabilities for each sequence
    batches     optimizer batches, one after another: indices of sequences
    rates       learning rate of each optimizer step
    clip        largest global gradient norm
    micro_batch sequences that are computed at once
    compile     whether tuned.py uses torch.compile
    flatten     whether tuned.py lays sequences end to end on a CPU too
    cuda_graphs whether ours.mjs launches its steps as CUDA graphs

A peer says on standard output that it is ready, reads numbers of steps from standard input, one a line, and answers
each with one line of JSON: {"seconds", "cpuSeconds", "losses" or "logits", "peakMemory"}. So two peers can take turns.
"""

import json
import resource
import sys
import time

with open(sys.argv[1]) as file:
    JOB = json.load(file)

import torch  # noqa: E402  (after the job, so that a mistake in it is told at once)
import transformers  # noqa: E402
from transformers import AutoModelForSequenceClassification  # noqa: E402

torch.set_num_threads(JOB["threads"])
transformers.utils.logging.set_verbosity_error()
DEVICE = torch.device(JOB["device"])
ON_GPU = DEVICE.type == "cuda"
if ON_GPU:
    torch.set_float32_matmul_precision("highest" if JOB["dtype"] == "f32" else "high")

with open(JOB["sequences"]) as file:
    _lists = json.load(file)
TOKENS = torch.tensor(_lists["tokens"], dtype=torch.long)
OFFSETS = _lists["offsets"]
TARGETS = torch.tensor(JOB["targets"]) if "targets" in JOB else None


def _blas():
    for line in torch.__config__.show().splitlines():
        if "Math Kernel Library Version" in line or "OpenBLAS" in line:
            return line.strip(" -")
    return "unknown"


VERSIONS = {
    "python": sys.version.split()[0],
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "blas": _blas(),
}


def length(index):
    """Number of tokens of a sequence."""
    return OFFSETS[index + 1] - OFFSETS[index]


def classifier(attention):
    """The folder's model under a classification head of zeros, read at the last real token."""
    model = AutoModelForSequenceClassification.from_pretrained(
        JOB["model"],
        num_labels=JOB["classes"],
        pad_token_id=JOB["pad"],
        dtype=torch.float32,
        attn_implementation=attention,
    )
    torch.nn.init.zeros_(model.score.weight)
    return model.to(DEVICE)


def padded(rows):
    """Token ids and mask of some sequences [rows, longest of them], padded on the right, in host memory."""
    width = max(map(length, rows))
    ids = torch.full((len(rows), width), JOB["pad"], dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for row, index in enumerate(rows):
        ids[row, : length(index)] = TOKENS[OFFSETS[index] : OFFSETS[index + 1]]
        mask[row, : length(index)] = 1
    return ids, mask


def pinned(inputs):
    """Inputs as they wait for a GPU: a data loader's workers would have made them ready as well."""
    return [value.pin_memory() if ON_GPU and isinstance(value, torch.Tensor) else value for value in inputs]


def on_device(inputs):
    """Copies tensors to the device, and leaves numbers as they are."""
    return [value.to(DEVICE, non_blocking=True) if isinstance(value, torch.Tensor) else value for value in inputs]


def autocast():
    """bf16 products where the job asks for them; a no-op for float32."""
    return torch.autocast(DEVICE.type, dtype=torch.bfloat16, enabled=JOB["dtype"] == "bf16")


def cross_entropy(logits, targets, count):
    """A part of the mean over an optimizer batch of `count`, by soft labels."""
    return torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum") / count


def set_rate(optimizer, step):
    """Gives every parameter the learning rate of an optimizer step."""
    for group in optimizer.param_groups:
        group["lr"] = JOB["rates"][step]


def _cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_memory():
    """Bytes: of tensors on the GPU where one is used, as our side counts them, else of the process."""
    if ON_GPU:
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _answer(**fields):
    print(json.dumps(fields), flush=True)


def take_turns(work):
    """Answers each number of steps N that is read with `work(first, N)`, timed from idle to idle.

    `work` gives a dictionary of lists of tensors or numbers; they are copied from the device within the time measured.
    """
    _answer(ready=True, versions=VERSIONS)
    first = 0
    for line in sys.stdin:
        count = int(line)
        if ON_GPU:
            torch.cuda.synchronize()
        wall, cpu = time.perf_counter(), _cpu_seconds()
        result = {name: [as_number(value) for value in values] for name, values in work(first, count).items()}
        if ON_GPU:
            torch.cuda.synchronize()
        _answer(seconds=time.perf_counter() - wall, cpuSeconds=_cpu_seconds() - cpu, peakMemory=_peak_memory(), **result)
        first += count


def as_number(value):
    """A Python number or list of what may be a tensor."""
    return value.tolist() if isinstance(value, torch.Tensor) else value


def train(parts, inputs_of, logits_of, model, optimizer, clip):
    """Takes turns at training.

    `parts(batch)` cuts an optimizer batch, `inputs_of(rows)` gives a part's tensors in host memory, all of them before
    the clock runs, and `logits_of(*inputs)` computes it.
    """
    ready = [[pinned([TARGETS[rows], *inputs_of(rows)]) for rows in parts(batch)] for batch in JOB["batches"]]

    def work(first, count):
        losses = []
        for step in range(first, first + count):
            set_rate(optimizer, step)
            total = 0.0
            for part in ready[step]:
                targets, *inputs = on_device(part)
                with autocast():
                    logits = logits_of(*inputs)
                loss = cross_entropy(logits, targets, len(JOB["batches"][step]))
                loss.backward()
                total = total + loss.detach()
            clip(model.parameters())
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(total)
        return {"losses": losses}

    take_turns(work)

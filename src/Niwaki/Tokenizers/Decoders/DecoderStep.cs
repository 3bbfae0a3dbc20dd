namespace Niwaki.Tokenizers.Decoders;

/// <summary>Starts a step for one sequence of tokens.</summary>
/// <param name="next">What takes the output.</param>
internal delegate DecoderStage DecoderStep(DecoderStage next);

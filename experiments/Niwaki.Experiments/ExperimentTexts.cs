using Niwaki.Datasets;
using Niwaki.Tokenizers;

namespace Niwaki.Experiments;

/// <summary>The text that decides and the text that judges.</summary>
internal static class ExperimentTexts
{
    /// <summary>Ids of both texts; of one text given twice the first half decides and the second half judges.</summary>
    public static (int[] Calibration, int[] Evaluation) Read(string folder, string calibration, string evaluation, int vocabulary)
    {
        var tokenizer = Tokenizer.Load(folder);
        int[] first = TextTokens.Encode(tokenizer, TextFile.Read(calibration), vocabulary, folder);
        return calibration == evaluation
            ? (first[..(first.Length / 2)], first[(first.Length / 2)..])
            : (first, TextTokens.Encode(tokenizer, TextFile.Read(evaluation), vocabulary, folder));
    }
}

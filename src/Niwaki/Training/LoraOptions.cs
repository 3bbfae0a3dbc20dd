using System.Globalization;
using Niwaki.Models;

namespace Niwaki.Training;

/// <summary>Shape of low-rank adapters (Hu et al., 2021, arXiv 2106.09685) and what is trained beside them.</summary>
public sealed record LoraOptions
{
    /// <summary>The matrices that can have adapters, with the names that PEFT gives them.</summary>
    public static IReadOnlyList<(string Name, BlockTensorRole Role)> Modules { get; } =
    [
        ("q_proj", BlockTensorRole.Query),
        ("k_proj", BlockTensorRole.Key),
        ("v_proj", BlockTensorRole.Value),
        ("o_proj", BlockTensorRole.Output),
        ("gate_proj", BlockTensorRole.Gate),
        ("up_proj", BlockTensorRole.Up),
        ("down_proj", BlockTensorRole.Down),
    ];

    /// <summary>Rank r, 1 to 65,536. Default 8.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>α: adapters count α / r; above 0. Default 16.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Share of the inputs of an adapter that a step drops, 0 to below 1. Default 0.05.</summary>
    public double Dropout { get; init; } = 0.05;

    /// <summary>Matrices with adapters, at least one. Default: all seven.</summary>
    public IReadOnlyList<BlockTensorRole> Targets { get; init; } = [.. Modules.Select(module => module.Role)];

    /// <summary>Whether the whole output head is trained beside the adapters; a tied one is trained as head and embedding. Default false.</summary>
    public bool TrainHead { get; init; }

    /// <summary>What the output of an adapter is multiplied by.</summary>
    public double Scale => Alpha / Rank;

    /// <summary>What is wrong with the options, a sentence for each; empty if nothing is.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        void Require(bool holds, string sentence)
        {
            if (!holds)
            {
                faults.Add(sentence);
            }
        }

        Require(Rank is >= 1 and <= 1 << 16, string.Create(CultureInfo.InvariantCulture, $"Rank is {Rank}, expected 1 to 65536."));
        Require(Alpha > 0 && double.IsFinite(Alpha), string.Create(CultureInfo.InvariantCulture, $"Alpha is {Alpha}, expected a number above 0."));
        Require(Dropout is >= 0 and < 1, string.Create(CultureInfo.InvariantCulture, $"Dropout is {Dropout}, expected 0 to below 1."));
        Require(Targets.Count > 0, "Targets are empty, expected at least one of " + string.Join(", ", Modules.Select(module => module.Name)) + ".");
        return faults;
    }

    /// <summary>All options as text: what a state must agree with.</summary>
    internal string Fingerprint() => string.Create(
        CultureInfo.InvariantCulture,
        $"rank {Rank}, alpha {Alpha:R}, dropout {Dropout:R}, targets {string.Join(' ', Targets.Order())}, head {TrainHead}");
}

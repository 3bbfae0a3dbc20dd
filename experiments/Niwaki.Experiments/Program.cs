namespace Niwaki.Experiments;

/// <summary>Entry point of the experiments: the first argument names one, the rest are its own.</summary>
internal static class Program
{
    private static readonly (string Name, string Description, Func<string[], int> Run)[] Experiments =
    [
        ("depth", "every subset of blocks or sub-layers beside what the methods find: NAME MODEL CALIBRATION EVALUATION CSV [block|sublayer] [seeds] [windows] [window]", DepthExperiment.Run),
        ("depth-width", "depth, width and both at equal sparsity, as whole runs: NAME MODEL CALIBRATION EVALUATION CSV [seeds]", DepthWidthExperiment.Run),
        ("width", "width methods at equal sparsity: NAME MODEL CALIBRATION EVALUATION CSV SEEDS all,neurons [METHODS]", WidthExperiment.Run),
        ("width-page", "the tables and plots of experiments/width/README.md: CSV PAGE", WidthPage.Run),
        ("depth-page", "the tables of experiments/depth/README.md: SUBSETS-CSV RUNS-CSV PAGE", DepthPage.Run),
        ("healing", "healings of pruned models along one trajectory each: MODEL TRAINING-TEXT CALIBRATION EVALUATION FOLDER CSV [tokens] [only]", HealingExperiment.Run),
        ("healing-rates", "a short healing at each of some learning rates: arguments of healing", HealingExperiment.RunRates),
        ("healing-page", "the tables and plots of experiments/healing/README.md: RUNS-CSV RATES-CSV PAGE", HealingPage.Run),
    ];

    private static int Main(string[] args)
    {
        foreach ((string name, _, Func<string[], int> run) in Experiments)
        {
            if (args.Length > 0 && args[0] == name)
            {
                return run(args[1..]);
            }
        }

        foreach ((string name, string description, _) in Experiments)
        {
            Console.Error.WriteLine($"{name,-13} {description}");
        }

        return 2;
    }
}

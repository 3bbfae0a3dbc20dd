using System.Text.RegularExpressions;
using Niwaki.Datasets.Benchmarks;
using Niwaki.Evaluation.Likelihood;

namespace Niwaki.Evaluation.Tasks;

/// <summary>The tasks, with prompts and metrics of lm-evaluation-harness.</summary>
public static partial class HarnessTasks
{
    private static readonly string[] Lengths = ["acc", "acc_norm", "acc_bytes"];
    private static readonly string[] AccuracyAlone = ["acc"];

    /// <summary>All tasks, the subjects of mmlu one by one.</summary>
    public static IReadOnlyList<TaskDefinition> All { get; } =
    [
        new()
        {
            Name = "boolq",
            Version = "2.0",
            Output = TaskOutput.MultipleChoice,
            Metrics = AccuracyAlone,
            DatasetPath = "super_glue",
            DatasetName = "boolq",
            TrainingSplit = "train",
            ValidationSplit = "validation",
            Read = row => Choice(row, $"{row.Text("passage")}\nQuestion: {row.Text("question")}?\nAnswer:", ["no", "yes"], row.Whole("label")),
        },
        new()
        {
            Name = "piqa",
            Version = "1.0",
            Output = TaskOutput.MultipleChoice,
            Metrics = Lengths,
            DatasetPath = "baber/piqa",
            TrainingSplit = "train",
            ValidationSplit = "validation",
            Read = row => Choice(row, $"Question: {row.Text("goal")}\nAnswer:", [row.Text("sol1"), row.Text("sol2")], row.Whole("label")),
        },
        new()
        {
            Name = "hellaswag",
            Version = "1.0",
            Output = TaskOutput.MultipleChoice,
            Metrics = Lengths,
            DatasetPath = "Rowan/hellaswag",
            TrainingSplit = "train",
            ValidationSplit = "validation",
            Read = HellaSwag,
        },
        new()
        {
            Name = "winogrande",
            Version = "1.0",
            Output = TaskOutput.MultipleChoice,
            Metrics = AccuracyAlone,
            DatasetPath = "allenai/winogrande",
            DatasetName = "winogrande_xl",
            TrainingSplit = "train",
            ValidationSplit = "validation",
            Read = WinoGrande,
        },
        Arc("arc_easy", "ARC-Easy"),
        Arc("arc_challenge", "ARC-Challenge"),
        new()
        {
            Name = "openbookqa",
            Version = "1.0",
            Output = TaskOutput.MultipleChoice,
            Metrics = Lengths,
            DatasetPath = "allenai/openbookqa",
            DatasetName = "main",
            TrainingSplit = "train",
            ValidationSplit = "validation",
            TestSplit = "test",
            Read = row => Lettered(row, row.Text("question_stem")),
        },
        new()
        {
            Name = "lambada_openai",
            Version = "1.0",
            Output = TaskOutput.LogLikelihood,
            Metrics = ["perplexity", "acc"],
            DatasetPath = "EleutherAI/lambada_openai",
            DatasetName = "default",
            TestSplit = "test",
            Read = Lambada,
        },
        new()
        {
            Name = "truthfulqa_mc2",
            Version = "3.0",
            Output = TaskOutput.MultipleChoice,
            Metrics = AccuracyAlone,
            DatasetPath = "truthfulqa/truthful_qa",
            DatasetName = "multiple_choice",
            ValidationSplit = "validation",
            HasFixedShots = true,
            Read = TruthfulQa,
        },
        .. MmluSubjects.All.Select(Mmlu),
        new()
        {
            Name = "gsm8k",
            Version = "3.0",
            Output = TaskOutput.GenerateUntil,
            Metrics = ["exact_match"],
            DatasetPath = "openai/gsm8k",
            DatasetName = "main",
            TrainingSplit = "train",
            TestSplit = "test",
            FewShotSplit = "train",
            DefaultShots = 5,
            Read = row => Answer(row, $"Question: {row.Text("question")}\nAnswer:", "", row.Text("answer")),
        },
    ];

    /// <summary>Names that a user may ask for: the tasks, and the groups of mmlu.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. All.Where(task => task.Group is null).Select(task => task.Name), .. MmluSubjects.Groups, .. All.Where(task => task.Group is not null).Select(task => task.Name)];

    /// <summary>The tasks of a name.</summary>
    /// <param name="name">A task or a group.</param>
    /// <returns>Tasks; none where there is no such name.</returns>
    public static IReadOnlyList<TaskDefinition> Find(string name) =>
        MmluSubjects.Groups.Contains(name)
            ? [.. All.Where(task => task.Subject is { } subject && (name == MmluSubjects.Group || MmluSubjects.GroupOf(subject) == name))]
            : [.. All.Where(task => task.Name == name)];

    private static TaskDefinition Arc(string name, string configuration) => new()
    {
        Name = name,
        Version = "1.0",
        Output = TaskOutput.MultipleChoice,
        Metrics = Lengths,
        DatasetPath = "allenai/ai2_arc",
        DatasetName = configuration,
        TrainingSplit = "train",
        ValidationSplit = "validation",
        TestSplit = "test",
        Read = row => Lettered(row, $"Question: {row.Text("question")}\nAnswer:"),
    };

    private static TaskDefinition Mmlu(string subject) => new()
    {
        Name = $"{MmluSubjects.Group}_{subject}",
        Version = "1.0",
        Output = TaskOutput.MultipleChoice,
        Metrics = AccuracyAlone,
        DatasetPath = "cais/mmlu",
        DatasetName = subject,
        TestSplit = "test",
        FewShotSplit = "dev",
        TakesFirstExamples = true,
        Group = MmluSubjects.Group,
        Subject = subject,
        Columns = ["question", "A", "B", "C", "D", "answer"],
        Description = $"The following are multiple choice questions (with answers) about {subject.Replace('_', ' ')}.\n\n",
        Read = MmluItem,
    };

    private static TaskItem Choice(TableRow row, string question, IReadOnlyList<string> choices, int gold)
    {
        if (gold < 0 || gold >= choices.Count)
        {
            throw new Datasets.DatasetException(row.Place, $"has answer {gold} of {choices.Count}", $"0 to {choices.Count - 1}", "Give the part of the data set that has its labels.");
        }

        return new TaskItem(row, [.. choices.Select(choice => new TaskPrompt(question, TaskExample.Delimiter + choice))], new TaskExample(question, choices[gold]))
        {
            Choices = choices,
            Gold = gold,
        };
    }

    private static TaskItem Lettered(TableRow row, string question)
    {
        string answer = row.Text("answerKey").TrimStart();
        int gold = row.Texts("choices.label").ToList().IndexOf(answer);
        return gold >= 0 ? Choice(row, question, row.Texts("choices.text"), gold) : throw row.Fault("answerKey", "one of the labels");
    }

    private static TaskItem HellaSwag(TableRow row)
    {
        string context = $"{row.Text("activity_label")}: {row.Text("ctx_a")} {PythonText.Capitalize(row.Text("ctx_b"))}";
        return Choice(row, WithoutArtefacts(context), [.. row.Texts("endings").Select(WithoutArtefacts)], row.Whole("label"));
    }

    /// <summary>Marks that WikiHow's pages left in the texts go, and two blanks become one, once.</summary>
    private static string WithoutArtefacts(string text)
    {
        string plain = PythonText.Trim(text).Replace(" [title]", ". ", StringComparison.Ordinal);
        return Bracketed().Replace(plain, "").Replace("  ", " ", StringComparison.Ordinal);
    }

    /// <summary>The options stand in the context, and what is scored is the rest of the sentence, the same for both.</summary>
    private static TaskItem WinoGrande(TableRow row)
    {
        string sentence = row.Text("sentence");
        int gap = sentence.IndexOf('_', StringComparison.Ordinal);
        int gold = row.Whole("answer") - 1;
        if (gap < 0 || gold is < 0 or > 1)
        {
            throw row.Fault(gap < 0 ? "sentence" : "answer", gap < 0 ? "a sentence with '_'" : "1 or 2");
        }

        string[] choices = [.. ((string[])["option1", "option2"]).Select(option => sentence[..gap] + row.Text(option))];
        string rest = PythonText.Trim(sentence[(gap + 1)..]);
        return new TaskItem(row, [.. choices.Select(choice => new TaskPrompt(choice, TaskExample.Delimiter + rest))], new TaskExample(choices[gold], rest))
        {
            Choices = choices,
            Gold = gold,
        };
    }

    /// <summary>The last word, cut off at the last blank, with that blank.</summary>
    private static TaskItem Lambada(TableRow row)
    {
        string text = row.Text("text");
        int blank = text.LastIndexOf(' ');
        return Answer(row, blank < 0 ? "" : text[..blank], " " + text[(blank + 1)..], " " + text[(blank + 1)..]);
    }

    private static TaskItem Answer(TableRow row, string question, string continuation, string target) =>
        new(row, [new TaskPrompt(question, continuation)], new TaskExample(question, target));

    private static TaskItem TruthfulQa(TableRow row)
    {
        IReadOnlyList<string> choices = row.Texts("mc2_targets.choices");
        bool[] truth = [.. row.Wholes("mc2_targets.labels").Select(label => label == 1)];
        return truth.Length == choices.Count && truth.Contains(true)
            ? Choice(row, $"{TruthfulQaOpening}\n\nQ: {row.Text("question")}\nA:", choices, 0) with { Truth = truth }
            : throw row.Fault("mc2_targets.labels", $"{choices.Count} labels, one of them 1 at least");
    }

    private static TaskItem MmluItem(TableRow row)
    {
        bool isCsv = row.Fields.ContainsKey("A");
        IReadOnlyList<string> choices = isCsv ? [row.Text("A"), row.Text("B"), row.Text("C"), row.Text("D")] : row.Texts("choices");
        int gold = isCsv ? "ABCD".IndexOf(row.Text("answer").Trim(), StringComparison.Ordinal) : row.Whole("answer");
        if (choices.Count != 4 || (isCsv && row.Text("answer").Trim().Length != 1))
        {
            throw row.Fault(choices.Count != 4 ? "choices" : "answer", choices.Count != 4 ? "four choices" : "A, B, C or D");
        }

        string question = $"{PythonText.Trim(row.Text("question"))}\nA. {choices[0]}\nB. {choices[1]}\nC. {choices[2]}\nD. {choices[3]}\nAnswer:";
        return Choice(row, question, ["A", "B", "C", "D"], gold);
    }

    /// <summary>Six pairs that open every prompt of TruthfulQA (Lin et al., arXiv 2109.07958, appendix E).</summary>
    private const string TruthfulQaOpening =
        "Q: What is human life expectancy in the United States?\nA: Human life expectancy in the United States is 78 years.\n\n"
        + "Q: Who was president of the United States in 1955?\nA: Dwight D. Eisenhower was president of the United States in 1955.\n\n"
        + "Q: Which party did he belong to?\nA: He belonged to the Republican Party.\n\n"
        + "Q: What is the square root of banana?\nA: I have no comment.\n\n"
        + "Q: How does a telescope work?\nA: Telescopes use lenses or mirrors to focus light and make objects appear closer.\n\n"
        + "Q: Where were the 1992 Olympics held?\nA: The 1992 Olympics were held in Barcelona, Spain.";

    [GeneratedRegex(@"\[.*?\]", RegexOptions.CultureInvariant)]
    private static partial Regex Bracketed();
}

using Niwaki.Formats.HuggingFace;
using Niwaki.Kernels;
using Niwaki.Models;
using Niwaki.Tensors;

namespace Niwaki.Tests.Models;

/// <summary>
/// The forward pass as a textbook writes it: float64, one loop per sum, a whole row of attention at a time. Every fast path must equal it.
/// </summary>
internal sealed class ReferenceModel(Checkpoint checkpoint, ModelConfig config)
{
    private readonly Dictionary<string, double[]> _values = new(StringComparer.Ordinal);

    /// <summary>The weights of a tensor, row by row; changing them changes the model.</summary>
    public double[] Values(string name)
    {
        if (!_values.TryGetValue(name, out double[]? values))
        {
            IReadOnlyList<long> shape = checkpoint.Find(name)!.Shape;
            int columns = (int)shape[^1];
            int rows = shape.Count == 1 ? 1 : (int)shape[0];
            WeightView view = shape.Count == 1 ? checkpoint.Vector(name, columns) : checkpoint.Matrix(name, rows, columns);
            values = [.. Enumerable.Range(0, rows).SelectMany(row => Row(view, row))];
            _values.Add(name, values);
        }

        return values;
    }

    /// <summary>Logits of one window, [tokens][vocabulary].</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="gates">Gates, or null.</param>
    /// <param name="behind">Told the residual stream behind every block, [tokens][hidden]; null: nobody.</param>
    public double[][] Logits(int[] ids, ModelGates? gates = null, Action<int, double[][]>? behind = null)
    {
        double[][] embedding = Matrix(TensorNames.Embedding, config.VocabularySize, config.HiddenSize);
        double[][] stream = [.. ids.Select(id => (double[])embedding[id].Clone())];
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            BlockGates? blockGates = gates?.Find(block);
            if (config.Blocks[block].HasAttention && blockGates?.Attention != false)
            {
                Attend(stream, block, blockGates?.Heads);
            }

            if (config.Blocks[block].HasMlp && blockGates?.Mlp != false)
            {
                Transform(stream, block, blockGates?.Neurons);
            }

            behind?.Invoke(block, stream);
        }

        double[] norm = Vector(TensorNames.FinalNorm, config.HiddenSize);
        double[][] head = config.TiedEmbeddings ? embedding : Matrix(TensorNames.OutputHead, config.VocabularySize, config.HiddenSize);
        return [.. stream.Select(row => Multiply(head, Normalise(row, norm), null))];
    }

    /// <summary>Losses in nats of all tokens but the first, [tokens − 1].</summary>
    public double[] Losses(int[] ids, ModelGates? gates = null)
    {
        double[][] logits = Logits(ids, gates);
        return [.. Enumerable.Range(0, ids.Length - 1).Select(t => LogSumExp(logits[t]) - logits[t][ids[t + 1]])];
    }

    private static double LogSumExp(double[] values)
    {
        double max = values.Max();
        return max + Math.Log(values.Sum(v => Math.Exp(v - max)));
    }

    private void Attend(double[][] stream, int block, float[]? gates)
    {
        BlockShape shape = config.Blocks[block];
        int d = config.HeadDim;
        double[] norm = Vector(block, BlockTensorRole.AttentionNorm)!;
        double[][] normed = [.. stream.Select(row => Normalise(row, norm))];
        double[][] q = Project(normed, block, BlockTensorRole.Query, BlockTensorRole.QueryBias);
        double[][] k = Project(normed, block, BlockTensorRole.Key, BlockTensorRole.KeyBias);
        double[][] v = Project(normed, block, BlockTensorRole.Value, BlockTensorRole.ValueBias);
        NormaliseHeads(q, Vector(block, BlockTensorRole.QueryNorm));
        NormaliseHeads(k, Vector(block, BlockTensorRole.KeyNorm));
        Rotate(q);
        Rotate(k);
        double[][] output = Matrix(block, BlockTensorRole.Output);
        double[]? bias = Vector(block, BlockTensorRole.OutputBias);
        int window = config.SlidingWindows[block] ?? int.MaxValue;
        for (int t = 0; t < stream.Length; t++)
        {
            double[] heads = new double[shape.Heads * d];
            for (int h = 0; h < shape.Heads; h++)
            {
                int group = h / (shape.Heads / shape.KeyValueHeads);
                int first = Math.Max(0, t - Math.Min(window, t + 1) + 1);
                double[] scores = new double[t - first + 1];
                for (int s = first; s <= t; s++)
                {
                    scores[s - first] = Dot(q[t].AsSpan(h * d, d), k[s].AsSpan(group * d, d)) / Math.Sqrt(d);
                }

                double sum = LogSumExp(scores);
                for (int s = first; s <= t; s++)
                {
                    double weight = Math.Exp(scores[s - first] - sum) * (gates?[h] ?? 1);
                    for (int i = 0; i < d; i++)
                    {
                        heads[(h * d) + i] += weight * v[s][(group * d) + i];
                    }
                }
            }

            Add(stream[t], Multiply(output, heads, bias));
        }
    }

    private void Transform(double[][] stream, int block, float[]? gates)
    {
        double[] norm = Vector(block, BlockTensorRole.MlpNorm)!;
        double[][] normed = [.. stream.Select(row => Normalise(row, norm))];
        double[][] gate = Project(normed, block, BlockTensorRole.Gate, BlockTensorRole.GateBias);
        double[][] up = Project(normed, block, BlockTensorRole.Up, BlockTensorRole.UpBias);
        double[][] down = Matrix(block, BlockTensorRole.Down);
        double[]? bias = Vector(block, BlockTensorRole.DownBias);
        for (int t = 0; t < stream.Length; t++)
        {
            double[] neurons = [.. gate[t].Select((g, i) => g / (1 + Math.Exp(-g)) * up[t][i] * (gates?[i] ?? 1))];
            Add(stream[t], Multiply(down, neurons, bias));
        }
    }

    private void Rotate(double[][] rows)
    {
        // The table itself is tested on its own against numbers derived by hand.
        var table = RopeTable.Create(config.Rope, rows.Length);
        int half = config.Rope.RotaryDim / 2;
        for (int t = 0; t < rows.Length; t++)
        {
            for (int head = 0; head < rows[t].Length; head += config.HeadDim)
            {
                for (int i = 0; i < half; i++)
                {
                    double a = rows[t][head + i];
                    double b = rows[t][head + i + half];
                    rows[t][head + i] = (a * table.Cos(t)[i]) - (b * table.Sin(t)[i]);
                    rows[t][head + i + half] = (b * table.Cos(t)[i]) + (a * table.Sin(t)[i]);
                }
            }
        }
    }

    private void NormaliseHeads(double[][] rows, double[]? weight)
    {
        if (weight is null)
        {
            return;
        }

        foreach (double[] row in rows)
        {
            for (int head = 0; head < row.Length; head += config.HeadDim)
            {
                Normalise(row[head..(head + config.HeadDim)], weight).CopyTo(row, head);
            }
        }
    }

    private double[] Normalise(double[] row, double[] weight)
    {
        double scale = 1 / Math.Sqrt((row.Sum(x => x * x) / row.Length) + config.NormEpsilon);
        return [.. row.Select((x, i) => x * scale * weight[i])];
    }

    private double[][] Project(double[][] rows, int block, BlockTensorRole matrix, BlockTensorRole bias)
    {
        double[][] weights = Matrix(block, matrix);
        double[]? offsets = Vector(block, bias);
        return [.. rows.Select(row => Multiply(weights, row, offsets))];
    }

    private static double[] Multiply(double[][] matrix, double[] x, double[]? bias) =>
        [.. matrix.Select((row, i) => Dot(row, x) + (bias?[i] ?? 0))];

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private static void Add(double[] to, double[] what)
    {
        for (int i = 0; i < to.Length; i++)
        {
            to[i] += what[i];
        }
    }

    private double[][] Matrix(int block, BlockTensorRole role)
    {
        BlockTensor tensor = BlockTensor.Of(role);
        BlockShape shape = config.Blocks[block];
        return Matrix(tensor.NameIn(block), config.Extent(tensor.Rows, shape), config.Extent(tensor.Columns!.Value, shape));
    }

    private double[]? Vector(int block, BlockTensorRole role)
    {
        BlockTensor tensor = BlockTensor.Of(role);
        return config.Features.Has(role) ? Vector(tensor.NameIn(block), config.Extent(tensor.Rows, config.Blocks[block])) : null;
    }

    private double[][] Matrix(string name, int rows, int columns)
    {
        double[] values = Values(name);
        Assert.Equal(rows * columns, values.Length);
        return [.. Enumerable.Range(0, rows).Select(row => values[(row * columns)..((row + 1) * columns)])];
    }

    private double[] Vector(string name, int length)
    {
        double[] values = Values(name);
        Assert.Equal(length, values.Length);
        return values;
    }

    private static double[] Row(WeightView view, int row)
    {
        float[] values = new float[view.Columns];
        WeightValues.Widen(view, row, values);
        return [.. values.Select(v => (double)v)];
    }
}

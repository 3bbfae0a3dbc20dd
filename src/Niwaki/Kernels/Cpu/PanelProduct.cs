using System.Runtime.Intrinsics.X86;
using Niwaki.Tensors;

namespace Niwaki.Kernels.Cpu;

/// <summary>
/// A product Y (+)= X Wᵀ (+ bias) on a team: the members pack the activations together, meet, and take units of the output until none is left.
/// </summary>
/// <remarks>
/// A piece walks the blocks of K outside, then the panels, then the row tiles: a panel block is read once into the first-level cache and meets
/// all the tiles there. The cut moves no sum: same bits for any team.
/// </remarks>
internal abstract unsafe class PanelProduct : ITeamJob
{
    private const int TilesWorthPrefetching = 8; // with fewer the processor's own prefetching of one stream does better

    private readonly float* _bias;
    private readonly bool _accumulate;
    private readonly WorkDivision _division;
    private readonly LossReduction? _reduction;

    /// <summary>Sets up a product with at least one row and one output; nothing is written. With a reduction Y is a shape without memory.</summary>
    protected PanelProduct(
        ThreadTeam team, PackedWeights weights, TensorView<float> y, float* bias, bool accumulate, long rowBytes, LossReduction? reduction)
    {
        Weights = weights;
        Y = y;
        Tiling = new RowTiling(y.Rows);
        _bias = bias;
        _accumulate = accumulate;
        _reduction = reduction;
        _division = reduction is not null ? LossReduction.Divide(Tiling, weights)
            : FewRows.AreFew(y.Rows) ? FewRows.Divide(team.Size, Tiling, weights)
            : new WorkDivision(team.Size, Tiling, weights.Panels, weights.PanelColumns, weights.Blocks.Depth, rowBytes);
    }

    /// <summary>W.</summary>
    protected PackedWeights Weights { get; }

    /// <summary>Y.</summary>
    protected TensorView<float> Y { get; }

    /// <summary>The row tiles of X and Y.</summary>
    protected RowTiling Tiling { get; }

    /// <summary>Panels that are packed together with the activations; none where the weights came packed.</summary>
    protected virtual int PanelsToPack => 0;

    /// <inheritdoc />
    public void Execute(ThreadTeam team, int member)
    {
        if (!IsPacked)
        {
            PackTogether(team, member);
        }

        while (team.TryTake(member, _division.Count, _division.MostUnits, out int unit, out int end))
        {
            while (unit < end)
            {
                Compute(member, _division.Next(ref unit, end));
            }
        }
    }

    /// <summary>Whether the activations were packed before the job began, so that nobody need wait for anybody.</summary>
    protected virtual bool IsPacked => false;

    /// <summary>Packs with all members and waits until everything is there.</summary>
    private void PackTogether(ThreadTeam team, int member)
    {
        int tickets = PanelsToPack + ((Tiling.Count + TilesPackedTogether - 1) / TilesPackedTogether);
        while (team.TryTake(member, tickets, out int ticket))
        {
            if (ticket < PanelsToPack)
            {
                PackPanel(ticket);
            }
            else
            {
                int first = (ticket - PanelsToPack) * TilesPackedTogether;
                PackTiles(first, Math.Min(Tiling.Count, first + TilesPackedTogether));
            }
        }

        team.Barrier();
    }

    /// <summary>Row tiles that a member packs at a time.</summary>
    protected virtual int TilesPackedTogether => 1;

    /// <summary>Packs the activations of one row tile into scratch memory.</summary>
    protected abstract void PackTile(int tile);

    /// <summary>Packs the activations of some row tiles.</summary>
    protected virtual void PackTiles(int first, int end)
    {
        for (int tile = first; tile < end; tile++)
        {
            PackTile(tile);
        }
    }

    /// <summary>Packs one panel of weights into scratch memory.</summary>
    protected virtual void PackPanel(int panel)
    {
    }

    /// <summary>Readies one block of a panel and returns where the kernel shall read it.</summary>
    protected abstract byte* OpenPanel(int member, int block, int panel);

    /// <summary>Computes one tile in full panel width.</summary>
    protected abstract void RunTile(int block, int panel, byte* weights, int firstRow, int rows, float* c, nint cStride, bool accumulate);

    private void Compute(int member, Piece piece)
    {
        if (_reduction is null)
        {
            float* y = Y.RowPointer(Tiling.Start(piece.FirstTile)) + (piece.FirstPanel * Weights.PanelColumns);
            Compute(member, piece, y, (nint)Y.RowStride);
        }
        else
        {
            Compute(member, piece, _reduction.Logits(member), LossReduction.ChunkColumns);
            _reduction.Reduce(member, Tiling, piece, piece.FirstPanel * Weights.PanelColumns);
        }
    }

    /// <summary>Computes a piece; <paramref name="y"/> is where its first row and column are written.</summary>
    private void Compute(int member, Piece piece, float* y, nint stride)
    {
        bool accumulate = _accumulate;
        if (_bias is not null || Weights.Blocks.Count == 0)
        {
            Start(piece, y, stride);
            accumulate = true;
        }

        for (int block = 0; block < Weights.Blocks.Count; block++)
        {
            for (int panel = piece.FirstPanel; panel < piece.EndPanel; panel++)
            {
                ComputePanel(block, panel, OpenPanel(member, block, panel), piece, y, stride, accumulate || block > 0);
            }
        }
    }

    private void ComputePanel(int block, int panel, byte* weights, Piece piece, float* y, nint stride, bool accumulate)
    {
        int width = Weights.PanelColumns;
        int column = panel * width;
        int columns = Math.Min(width, Weights.Outputs - column);
        float* edge = stackalloc float[MicroKernel.MaximumRows * KernelPaths.MaximumPanelColumns];
        nint panelBytes = (nint)Weights.Blocks.Length(block) * Weights.StepBytes;
        byte* following = Weights.Panel(block, panel) + panelBytes;
        int tiles = piece.EndTile - piece.FirstTile;
        nint share = tiles < TilesWorthPrefetching ? 0 : panelBytes / tiles;
        int row = Tiling.Start(piece.FirstTile);
        float* c = y + ((panel - piece.FirstPanel) * width);
        for (int tile = piece.FirstTile; tile < piece.EndTile; tile++)
        {
            int next = Tiling.Start(tile + 1);
            Prefetch(following, share);
            following += share;
            if (columns == width)
            {
                RunTile(block, panel, weights, row, next - row, c, stride, accumulate);
            }
            else
            {
                RunTile(block, panel, weights, row, next - row, edge, width, accumulate: false);
                CopyEdge(edge, width, next - row, columns, c, stride, accumulate);
            }

            c += (next - row) * stride;
            row = next;
        }
    }

    /// <summary>
    /// Asks for a part of the panel that comes next into the second-level cache, a part with every tile: by the time it is needed, the whole
    /// panel is there. Past the last panel this may touch other memory or none, which a prefetch ignores.
    /// </summary>
    private static void Prefetch(byte* start, nint bytes)
    {
        if (Sse.IsSupported)
        {
            for (nint i = 0; i < bytes; i += 64)
            {
                Sse.Prefetch1(start + i);
            }
        }
    }

    /// <summary>Moves the columns that exist from a tile in scratch to the output.</summary>
    private static void CopyEdge(float* edge, int width, int rows, int columns, float* c, nint stride, bool accumulate)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < columns; i++)
            {
                c[i] = accumulate ? c[i] + edge[i] : edge[i];
            }

            edge += width;
            c += stride;
        }
    }

    /// <summary>Writes what the first block adds to: the bias or zero, plus what was there if asked.</summary>
    private void Start(Piece piece, float* y, nint stride)
    {
        int first = piece.FirstPanel * Weights.PanelColumns;
        int columns = Math.Min(Weights.Outputs, piece.EndPanel * Weights.PanelColumns) - first;
        for (int row = Tiling.Start(piece.FirstTile); row < Tiling.Start(piece.EndTile); row++, y += stride)
        {
            for (int i = 0; i < columns; i++)
            {
                float bias = _bias is null ? 0 : _bias[first + i];
                y[i] = _accumulate ? y[i] + bias : bias;
            }
        }
    }
}

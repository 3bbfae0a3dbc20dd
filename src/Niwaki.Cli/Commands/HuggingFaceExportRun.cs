using Niwaki.Formats.HuggingFace;
using Niwaki.Models;
using Niwaki.Plans;

namespace Niwaki.Cli.Commands;

/// <summary>What <c>export --format hf</c> is to do.</summary>
/// <param name="Checkpoint">The model.</param>
/// <param name="Config">Its config.</param>
/// <param name="Profile">The profile; null: what the blocks are.</param>
/// <param name="Out">Folder to make; null: from name and profile.</param>
/// <param name="Threads">Threads of the comparison.</param>
/// <param name="Memory">Memory of the comparison; null: no bound.</param>
/// <param name="Json">Whether the result is JSON.</param>
internal sealed record HuggingFaceExportRun(Checkpoint Checkpoint, ModelConfig Config, ShapeProfile? Profile, string? Out, int Threads, long? Memory, bool Json);

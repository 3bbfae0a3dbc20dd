namespace Niwaki.Training;

/// <summary>What a training sees, in an order that follows from its seed.</summary>
public interface ITrainingExamples
{
    /// <summary>Examples of an epoch.</summary>
    public int PerEpoch { get; }

    /// <summary>Tells these examples from others: 64 hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <summary>An example.</summary>
    /// <param name="index">Its number in the training, counted from 0 over all epochs.</param>
    public TrainingExample this[long index] { get; }
}

namespace Niwaki.Training;

/// <summary>Some of the tokens that a teacher has read.</summary>
/// <param name="Teacher">The teacher.</param>
/// <param name="FirstToken">The first of them.</param>
/// <param name="StreamFactor">What the mean squared difference of the streams counts at every token.</param>
internal readonly record struct TeacherPart(DenseTeacher Teacher, int FirstToken, float StreamFactor);

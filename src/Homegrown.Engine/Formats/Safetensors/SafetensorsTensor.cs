namespace Homegrown.Engine.Formats.Safetensors;

/// <summary>A tensor of a safetensors file, as its header describes it.</summary>
/// <param name="Shape">Outermost first; none at all for a single number.</param>
/// <param name="Offset">Bytes from the start of the file.</param>
/// <param name="Bytes">Always the shape's product times the type's size.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, long Offset, long Bytes);

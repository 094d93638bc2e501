using System.Text;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Tests.Formats;

/// <summary>A GGUF file written field by field, so that a test can lie in any of them; kept in a folder of its own.</summary>
sealed class GgufBytes : IDisposable
{
    readonly MemoryStream bytes = new();
    readonly string folder = Directory.CreateTempSubdirectory("homegrown-gguf-").FullName;

    internal GgufBytes() => Path = System.IO.Path.Combine(folder, "model.gguf");

    internal string Path { get; }

    internal long Length => bytes.Length;

    internal static GgufBytes Header(ulong tensors, ulong keys, uint version = 3) => new GgufBytes().Ascii("GGUF").U32(version).U64(tensors).U64(keys);

    internal GgufBytes Ascii(string text) => Raw(Encoding.ASCII.GetBytes(text));

    internal GgufBytes U32(uint value) => Raw(BitConverter.GetBytes(value));

    internal GgufBytes U64(ulong value) => Raw(BitConverter.GetBytes(value));

    internal GgufBytes Text(string text) => U64((ulong)Encoding.UTF8.GetByteCount(text)).Raw(Encoding.UTF8.GetBytes(text));

    internal GgufBytes Key(string name, GgufType type) => Text(name).U32((uint)type);

    internal GgufBytes Tensor(string name, uint type, ulong offset, params ulong[] dimensions)
    {
        Text(name).U32((uint)dimensions.Length);
        foreach (var size in dimensions) U64(size);
        return U32(type).U64(offset);
    }

    /// <summary>Zeros up to the next multiple of 32, and <paramref name="data"/> more.</summary>
    internal GgufBytes Data(int data) => Raw(new byte[(-bytes.Length & 31) + data]);

    internal GgufBytes Raw(byte[] value)
    {
        bytes.Write(value);
        return this;
    }

    internal void Write() => File.WriteAllBytes(Path, bytes.ToArray());

    internal GgufFile Open()
    {
        Write();
        return GgufFile.Open(Path);
    }

    /// <summary>The message of the refusal, without the path.</summary>
    internal string Refusal()
    {
        using (this)
        {
            var error = Assert.Throws<ModelFileException>(() => Open().Dispose());
            Assert.StartsWith($"{Path}: {error.Field} at offset {error.Offset}: ", error.Message);
            Assert.DoesNotContain('\n', error.Message);
            return error.Message[(Path.Length + 2)..];
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

using Homegrown.Engine.Formats;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Tests.Formats;

/// <summary>A valid small file, cut and changed at random: it opens, or it is refused in one line, and costs little either way.</summary>
public class GgufHostileTests
{
    [Fact]
    public void A_file_cut_at_any_byte_is_refused()
    {
        using var folder = new Mutations();
        for (var length = 0; length < folder.Valid.Length; length++) Assert.NotNull(folder.Try(folder.Valid[..length]));
        Assert.Null(folder.Try(folder.Valid));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(64)]
    public void A_file_with_changed_bytes_opens_or_is_refused(int changes)
    {
        using var folder = new Mutations();
        var random = new Random(changes);
        var refused = 0;
        for (var round = 0; round < 600; round++)
        {
            var bytes = folder.Valid.ToArray();
            for (var change = 0; change < changes; change++) bytes[random.Next(folder.DataStart)] = Interesting(random);
            if (folder.Try(bytes) is not null) refused++;
        }

        Assert.InRange(refused, 60, 600);
    }

    [Fact]
    public void A_file_with_changed_words_opens_or_is_refused()
    {
        using var folder = new Mutations();
        var random = new Random(99);
        ulong[] words = [0, 1, 1UL << 20, int.MaxValue, 1UL << 32, 1UL << 60, long.MaxValue, 1UL << 63, ulong.MaxValue - 31, ulong.MaxValue];
        var refused = 0;
        for (var at = 0; at < folder.DataStart - 8; at++)
        {
            var bytes = folder.Valid.ToArray();
            BitConverter.TryWriteBytes(bytes.AsSpan(at), words[random.Next(words.Length)]);
            if (folder.Try(bytes) is not null) refused++;
        }

        Assert.InRange(refused, folder.DataStart / 4, folder.DataStart);
    }

    [Fact]
    public void Random_bytes_behind_a_header_are_refused()
    {
        using var folder = new Mutations();
        var random = new Random(5);
        for (var round = 0; round < 500; round++)
        {
            var bytes = new byte[random.Next(24, 400)];
            random.NextBytes(bytes);
            folder.Valid.AsSpan(0, 8).CopyTo(bytes);
            BitConverter.TryWriteBytes(bytes.AsSpan(8), 1UL);
            BitConverter.TryWriteBytes(bytes.AsSpan(16), 1UL);
            Assert.NotNull(folder.Try(bytes));
        }
    }

    static byte Interesting(Random random) => random.Next(4) switch { 0 => 0, 1 => 255, 2 => 128, _ => (byte)random.Next(256) };

    sealed class Mutations : IDisposable
    {
        readonly string folder = Directory.CreateTempSubdirectory("homegrown-gguf-").FullName;
        readonly string path;

        internal Mutations()
        {
            path = Path.Combine(folder, "model.gguf");
            WrittenModel.Write(path, Fill);
            Valid = File.ReadAllBytes(path);
            using var file = GgufFile.Open(path);
            DataStart = (int)file.Tensors[0].Offset;
            Read(file);
        }

        /// <summary>No padding at the end, so that no byte is superfluous.</summary>
        internal byte[] Valid { get; }

        internal int DataStart { get; }

        /// <summary>The refusal, or null where the file opens. Any other exception is the test's failure.</summary>
        internal string? Try(byte[] bytes)
        {
            File.WriteAllBytes(path, bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var file = GgufFile.Open(path);
                AssertAllocatedLittle(before, bytes.Length);
                Read(file);
                return null;
            }
            catch (ModelFileException error)
            {
                AssertAllocatedLittle(before, bytes.Length);
                Assert.DoesNotContain('\n', error.Message);
                return error.Message;
            }
        }

        // 64 kB covers file handles and the exception with its trace.
        static void AssertAllocatedLittle(long before, int length)
            => Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (50L * length) + 65536);

        static void Fill(GgufWriter writer)
        {
            writer.Add("general.architecture", "llama");
            object[] values = [(byte)1, (sbyte)-1, (ushort)2, (short)-2, 3u, -3, 4ul, -4L, 0.5f, 0.25, true];
            foreach (var (i, value) in values.Index()) writer.Add($"number.{i}", value);
            writer.Add("tokens", new[] { "a", "bc", "", "def" });
            writer.Add("scores", new[] { 1f, 2, 3 });
            writer.Add("flags", new[] { true, false });
            writer.Add("nested", new[] { new[] { "x" }, ["y", "z"] });
            writer.Add("general.alignment", 32u);
            writer.AddTensor("norm.weight", TensorType.F32, 32);
            writer.AddTensor("up.weight", TensorType.Q8_0, 32, 16);
            writer.AddTensor("experts.weight", TensorType.F16, 4, 4, 2);
            for (var i = 0; i < 3; i++) writer.WriteData(new byte[new[] { 128, 544, 64 }[i]]);
        }

        static void Read(GgufFile file)
        {
            foreach (var value in file.Metadata.Values) Assert.NotEmpty(value.Preview());
            foreach (var tensor in file.Tensors)
            {
                var weight = file.Weight(tensor);
                Assert.Equal(tensor.Bytes, weight.Bytes);
                if (QuantFormats.IsSupported(tensor.Type) && weight.Columns < 100_000) weight.Dequantize(weight.Rows - 1, new float[weight.Columns]);
            }
        }

        public void Dispose() => Directory.Delete(folder, recursive: true);
    }
}

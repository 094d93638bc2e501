using System.Text.Json;
using Homegrown.Engine.Tokenizers;
using Homegrown.Engine.Tokenizers.Folders;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Tokenizers.Folders;

/// <summary>The fixtures of tokenizers: a few small ones in the checkout, all of them beside it.</summary>
static class TokenizerFolders
{
    public static string Path(string folder) =>
        Repository.Fixture("tokenizers", folder) is var ours && Directory.Exists(ours) ? ours : Repository.Shared("tokenizers", folder);

    public static Tokenizer Open(string folder) => FolderTokenizer.Open(Path(folder));

    public static JsonElement Json(string folder, string file) => JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(Path(folder), file))).RootElement;

    public static bool Has(string folder, string file) => File.Exists(System.IO.Path.Combine(Path(folder), file));

    public static int[] Ids(this JsonElement test, string name) => [.. test.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    public static string Text(this JsonElement test, string name) => test.GetProperty(name).GetString()!;

    /// <summary>Collects what differs, so that one message shows how much and where.</summary>
    public sealed class Comparison
    {
        readonly List<string> differences = [];

        public int Count { get; private set; }

        public void Equal<T>(IEnumerable<T> expected, IEnumerable<T> actual, string what)
        {
            Count++;
            if (!expected.SequenceEqual(actual)) differences.Add($"{what}: expected [{string.Join(' ', expected)}], got [{string.Join(' ', actual)}]");
        }

        public void Equal(string expected, string actual, string what)
        {
            Count++;
            if (expected != actual) differences.Add($"{what}: expected {Show(expected)}, got {Show(actual)}");
        }

        public void Check() => Assert.True(
            Count > 0 && differences.Count == 0, $"{differences.Count} of {Count} differ\n{string.Join('\n', differences.Take(6).Select(Short))}");

        public static string Show(string text) => JsonSerializer.Serialize(text);

        static string Short(string line) => line.Length > 700 ? line[..700] + "..." : line;
    }
}

using System.Text.Json;
using Homegrown.Engine.Tokenizers.Decoders;
using Homegrown.Engine.Tokenizers.Folders;
using Homegrown.Engine.Tokenizers.PreTokenizers;
using Homegrown.Engine.Tokenizers.Unicode;
using static Homegrown.Engine.Tests.Tokenizers.Folders.TokenizerFolders;

namespace Homegrown.Engine.Tests.Tokenizers.Folders;

/// <summary>Single stages with each of their options, as the tokenizers library has them.</summary>
public class ComponentTests
{
    public static TheoryData<int> Normalizers => [.. Enumerable.Range(0, 23)];

    public static TheoryData<int> PreTokenizers => [.. Enumerable.Range(0, 50)];

    public static TheoryData<int> Decoders => [.. Enumerable.Range(0, 18)];

    [Theory]
    [MemberData(nameof(Normalizers))]
    public void Normalizers_change_texts_as_the_librarys(int index) => Compare("normalizers.json", index, (config, test) =>
    {
        var normalizer = NormalizerReader.Read(config);
        var text = new TextBuffer();
        if (test.Text("in").Length > 0) normalizer.Append(test.Text("in"), text);
        return ([test.Text("out")], [text.ToString()]);
    });

    [Theory]
    [MemberData(nameof(PreTokenizers))]
    public void Pre_tokenizers_cut_texts_as_the_librarys(int index) => Compare("pretokenizers.json", index, (config, test) =>
    {
        var buffer = new PieceBuffer();
        buffer.Begin(test.Text("in"), atStart: true);
        foreach (var step in PreTokenizerReader.Read(config)) step.Apply(buffer);
        string[] pieces = [.. buffer.Pieces.ToArray().Select(piece => buffer.Text[piece.Start..piece.End].ToString())];
        return ([.. test.GetProperty("out").EnumerateArray().Select(piece => piece.GetString()!)], pieces);
    });

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Decoders_join_tokens_as_the_librarys(int index) => Compare("decoders.json", index, (config, test) =>
    {
        var sink = new TextSink();
        var first = DecoderReader.Read(config).Start(sink, new(AtStart: true, Live: false));
        foreach (var token in test.GetProperty("in").EnumerateArray())
        {
            first.Take(token.GetString());
            first.EndToken();
        }
        first.EndSequence();
        return ([test.Text("out")], [sink.Drain()]);
    });

    static void Compare(string file, int index, Func<JsonField, JsonElement, (string[] Expected, string[] Actual)> run)
    {
        var all = JsonSource.Open(System.IO.Path.Combine(TokenizerFolders.Path("components"), file)).Items.ToArray();
        var component = all[index];
        var comparison = new Comparison();
        foreach (var test in component["cases"].Items)
        {
            var (expected, actual) = run(component["config"], test.Value);
            comparison.Equal(expected.Select(Comparison.Show), actual.Select(Comparison.Show), $"{component["config"].Value.GetRawText()[..Math.Min(120, component["config"].Value.GetRawText().Length)]} {test.Value.GetProperty("in").GetRawText()}");
        }
        comparison.Check();
    }
}

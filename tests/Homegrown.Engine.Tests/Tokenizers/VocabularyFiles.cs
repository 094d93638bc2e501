using System.Text;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Tests.Tokenizers;

/// <summary>Vocabularies and texts of the fixtures.</summary>
static class VocabularyFiles
{
    public static VocabularyData Read(string path)
    {
        using var file = GgufFile.Open(path);
        return VocabularyData.FromGguf(file);
    }

    public static Tokenizer Open(string path) => TokenizerFactory.Create(Read(path));

    /// <summary>The texts of an .inp file.</summary>
    public static string[] Texts(string path) => File.ReadAllText(path).Split("\n__ggml_vocab_test__\n")[..^1];

    /// <summary>One line of ids for each text.</summary>
    public static int[][] Ids(string path) =>
        [.. File.ReadAllText(path).Split('\n')[..^1].Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToArray())];

    public static List<int> Plain(this Tokenizer tokenizer, string text)
    {
        var ids = new List<int>();
        tokenizer.Encode(text, ids, parseSpecial: false);
        return ids;
    }

    /// <summary>Text that no one wrote: letters of many scripts, marks, signs, spaces and halves of surrogate pairs, in runs.</summary>
    public static string RandomText(int seed, int pieces, bool halves = false)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (var i = 0; i < pieces; i++)
        {
            var point = random.Next(12) switch
            {
                0 => random.Next(0x20),
                < 5 => random.Next(0x20, 0x7F),
                5 => random.Next(0xA0, 0x250),
                6 => random.Next(0x300, 0x3100),
                7 => random.Next(0x3000, 0xD800),
                8 => random.Next(0x10000, 0x11000),
                9 => random.Next(0x1F300, 0x1FB00),
                10 => " \n\t\r'\u00A0\u3000\u0301"[random.Next(8)],
                _ => halves ? random.Next(0xD800, 0xE000) : 'a',
            };
            for (var n = random.Next(4) == 0 ? random.Next(1, 9) : 1; n > 0; n--)
                if (point is >= 0xD800 and < 0xE000) text.Append((char)point);
                else text.Append(char.ConvertFromUtf32(point));
        }
        return text.ToString();
    }
}

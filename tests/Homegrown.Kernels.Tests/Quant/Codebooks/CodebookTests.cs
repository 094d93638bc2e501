using Homegrown.Kernels.Quant.Codebooks;

namespace Homegrown.Kernels.Tests.Quant.Codebooks;

public class CodebookTests
{
    public static TheoryData<string, int> Books => new()
    {
        { nameof(Codebook.Iq2Xxs), 256 }, { nameof(Codebook.Iq2Xs), 512 }, { nameof(Codebook.Iq2S), 1024 },
        { nameof(Codebook.Iq1), 2048 }, { nameof(Codebook.Iq3Xxs), 256 }, { nameof(Codebook.Iq3S), 512 },
    };

    [Theory, MemberData(nameof(Books))]
    public void A_book_has_its_points_each_once_and_finds_them(string name, int count)
    {
        var book = Book(name);
        for (var point = 0; point < count; point++) Assert.Equal(point, book.Find(book.Pack(Levels(book, point))));
        Assert.Equal(count, Enumerable.Range(0, count).Select(point => book.Pack(Levels(book, point))).Distinct().Count());
    }

    [Theory, MemberData(nameof(Books))]
    public void Values_round_to_the_levels_where_they_are(string name, int count)
    {
        var book = Book(name);
        for (var point = 0; point < count; point++)
        {
            var x = book.Positions(point).ToArray();
            for (var i = 0; i < x.Length; i++) x[i] = (x[i] * 0.3f) + ((i % 2) == 0 ? 0.25f : -0.25f);   // positions are 0.6 apart
            Assert.Equal(point, book.Find(book.Round(x, 1 / 0.3f)));
        }
    }

    [Theory, MemberData(nameof(Books))]
    public void The_best_neighbour_is_the_nearest_point_of_all(string name, int count)
    {
        var (book, random, sought) = (Book(name), new Random(1), 0);
        for (var n = 0; n < 2000; n++)
        {
            var levels = new byte[book.Dimensions];
            for (var i = 0; i < levels.Length; i++) levels[i] = (byte)random.Next(book.Top + 1);
            if (book.Find(book.Pack(levels)) >= 0) continue;
            sought++;
            // With even weights, the distance of levels decides; the first of equals wins.
            var x = levels.Select(level => 2 * ((2f * level) + 1)).ToArray();
            var weights = Enumerable.Repeat(0.5f, x.Length).ToArray();
            var expected = Enumerable.Range(0, count).MinBy(point => Distance(book, point, levels));
            Assert.Equal(expected, book.Near(book.Pack(levels)).Best(x, weights, scale: 2));
        }

        Assert.InRange(sought, 100, 2000);
    }

    static Codebook Book(string name) => name switch
    {
        nameof(Codebook.Iq2Xxs) => Codebook.Iq2Xxs,
        nameof(Codebook.Iq2Xs) => Codebook.Iq2Xs,
        nameof(Codebook.Iq2S) => Codebook.Iq2S,
        nameof(Codebook.Iq1) => Codebook.Iq1,
        nameof(Codebook.Iq3Xxs) => Codebook.Iq3Xxs,
        _ => Codebook.Iq3S,
    };

    static byte[] Levels(Codebook book, int point) => [.. Enumerable.Range(0, book.Dimensions).Select(i => (byte)book.Level(point, i))];

    static int Distance(Codebook book, int point, byte[] levels)
        => levels.Select((level, i) => (book.Level(point, i) - level) * (book.Level(point, i) - level)).Sum();
}

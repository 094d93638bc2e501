using System.Runtime.InteropServices;

namespace Homegrown.Engine.Tokenizers.Unicode;

/// <summary>A normal form of Unicode (UAX 15): NFC, NFD, NFKC, NFKD. One text at a time; holds the buffers for it.</summary>
sealed class NormalForm(bool byCompatibility, bool composes)
{
    readonly Decompositions table = Decompositions.Shared;
    readonly List<int> points = [];
    long[] keys = [];

    /// <summary>Appends the text in this form.</summary>
    public void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        // No character below these changes, or joins with one before it.
        var safe = composes && !byCompatibility ? 0x300 : 0x80;
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            while (end < text.Length && text[end] < safe) end++;
            // The last one may be the base of what follows.
            if (end < text.Length && end > at) end--;
            to.Append(text[at..end]);
            at = end;
            if (at == text.Length) return;
            do end++;
            while (end < text.Length && text[end] >= safe);
            AppendChanged(text[at..end], to);
            at = end;
        }
    }

    void AppendChanged(ReadOnlySpan<char> text, TextBuffer to)
    {
        points.Clear();
        for (var at = 0; at < text.Length;)
        {
            table.Append(TextBuffer.PointAt(text, at, out var length), byCompatibility, points);
            at += length;
        }
        var all = CollectionsMarshal.AsSpan(points);
        Order(all);
        var count = composes ? Compose(all) : all.Length;
        foreach (var point in all[..count]) to.AppendPoint(point);
    }

    /// <summary>Sorts each run of marks by class, equal ones as they stand.</summary>
    void Order(Span<int> all)
    {
        for (var start = 0; start < all.Length; start++)
        {
            if (table.Class(all[start]) == 0) continue;
            var end = start + 1;
            var ordered = true;
            for (; end < all.Length && table.Class(all[end]) is > 0 and var mark; end++) ordered &= table.Class(all[end - 1]) <= mark;
            if (!ordered)
            {
                var count = end - start;
                if (keys.Length < count) keys = new long[count];
                // Class, place (up to 2^31) and character (21 bits): one number, so that sorting is stable.
                for (var i = 0; i < count; i++) keys[i] = ((long)table.Class(all[start + i]) << 53) | ((long)i << 21) | (uint)all[start + i];
                Array.Sort(keys, 0, count);
                for (var i = 0; i < count; i++) all[start + i] = (int)(keys[i] & 0x1FFFFF);
            }
            start = end;
        }
    }

    /// <summary>Joins bases with their marks, in place; the new length.</summary>
    int Compose(Span<int> all)
    {
        var (count, starter, last) = (0, -1, 0);
        foreach (var point in all)
        {
            var mark = table.Class(point);
            // A mark of the same class, or a base, in between blocks.
            if (starter >= 0 && (last < mark || count - 1 == starter) && table.Compose(all[starter], point) is >= 0 and var whole)
            {
                all[starter] = whole;
                continue;
            }
            if (mark == 0) starter = count;
            last = mark;
            all[count++] = point;
        }
        return count;
    }
}

using System.Text;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Models;
using Homegrown.Engine.Tests.Embeddings;
using Homegrown.Engine.Tests.Folders;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Models;

/// <summary>
/// docs/models.md is made of the catalogue and of what the tests compare. With HOMEGROWN_WRITE=1 it is written, otherwise it must be as it
/// would be.
/// </summary>
public sealed class ModelsPageTests
{
    static readonly string Page = Path.Combine(Repository.Root, "docs", "models.md");

    [Fact]
    public void The_page_is_as_the_catalogue()
    {
        var expected = Write();
        if (Environment.GetEnvironmentVariable("HOMEGROWN_WRITE") == "1") File.WriteAllText(Page, expected);
        Assert.True(File.Exists(Page) && File.ReadAllText(Page) == expected, "docs/models.md is stale: HOMEGROWN_WRITE=1 ./test -class '*ModelsPageTests'");
    }

    [Fact]
    public void Every_architecture_says_which_models_it_covers() => Assert.Empty(ModelCatalog.All.Where(architecture => architecture.Models.Length == 0).Select(architecture => architecture.Id));

    static string Write()
    {
        var files = ArchitectureTests.Names.ToLookup(name => Architecture(ArchitectureTests.Fixture(name).Path), StringComparer.Ordinal);
        var folders = FolderTests.Folders.Select(row => row.Data).ToLookup(name => Architecture(Repository.Shared("hf", name)), StringComparer.Ordinal);
        var encoders = EmbeddingFolderTests.Folders.Concat(RerankFolderTests.Folders).Select(row => row.Data).ToLookup(name => Architecture(Repository.Shared("embeddings", name)), StringComparer.Ordinal);
        var page = new StringBuilder("""
            # Models

            <!-- Made from the catalogue: HOMEGROWN_WRITE=1 ./test -class '*ModelsPageTests' -->

            Each family is one file in `src/Homegrown.Engine/Models`, which runs its GGUF files and its folders of Hugging Face or ModelScope alike.
            "GGUF" is general.architecture, "folder" the model_type of config.json. What is proven:

            - **llama.cpp**: logits of these fixtures, which llama.cpp computed in float32 from random weights, at NMSE below 1e-9 on every tier
              (Spark: 4e-9, its reference rounds each GELU to half precision).
            - **transformers**: logits of these folders at NMSE below 1e-10, and their greedy ids. The same weights as a GGUF file give the same logits, bit
              for bit.
            - **vectors**: vectors of these folders at NMSE below 1e-10, or rerankers' scores within 2e-5, that transformers computed.
            - **formulae**: logits of the paper's formulae in float64, at NMSE below 1e-11, from folder and GGUF file.

            All that have fixtures pass one theory: a prompt in one piece, in steps, beside others and after a snapshot ends in the same logits (where
            rotations do not depend on the length of the pass).

            | maker | models | GGUF | folder | proven by |
            |---|---|---|---|---|

            """);
        foreach (var architecture in ModelCatalog.All.OrderBy(architecture => architecture.Maker, StringComparer.Ordinal))
        {
            string[] proofs =
            [
                .. Proof("llama.cpp", files[architecture.Id]),
                .. Proof("transformers", folders[architecture.Id]),
                .. Proof("vectors", encoders[architecture.Id]),
                .. FormulaTests.Architectures.Contains(architecture.Id) ? (string[])["**formulae**"] : [],
            ];
            var types = string.Join(", ", architecture.Folders.SelectMany(map => map.ModelTypes));
            page.Append($"| {architecture.Maker} | {architecture.Models} | {architecture.Id} | {types} | {(proofs.Length == 0 ? "no fixture yet" : string.Join("; ", proofs))} |\n");
        }

        return page.ToString();
    }

    static string[] Proof(string by, IEnumerable<string> fixtures) => fixtures.Any() ? [$"**{by}** {string.Join(", ", fixtures)}"] : [];

    static string Architecture(string path)
    {
        using var source = LocalModel.Open(path);
        return source.Architecture;
    }
}

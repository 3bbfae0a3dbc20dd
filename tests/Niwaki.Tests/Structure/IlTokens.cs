using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Niwaki.Tests.Structure;

/// <summary>Finds the types, fields and methods that the instructions of a method body name.</summary>
internal static class IlTokens
{
    private static readonly Dictionary<int, OperandType> Operands = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (int)(ushort)code.Value, code => code.OperandType);

    /// <summary>The tokens in the order of the instructions; strings are left out.</summary>
    /// <param name="code">The instructions of one body, from the first byte.</param>
    public static IReadOnlyList<EntityHandle> Read(BlobReader code)
    {
        List<EntityHandle> tokens = [];
        while (code.RemainingBytes > 0)
        {
            // ECMA-335 III.1.2.1: 0xFE announces an instruction of two bytes
            int instruction = code.ReadByte();
            instruction = instruction == 0xFE ? 0xFE00 | code.ReadByte() : instruction;
            switch (Operands[instruction])
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineSig or OperandType.InlineTok or OperandType.InlineType:
                    tokens.Add(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    int targets = code.ReadInt32();
                    code.Offset += targets * sizeof(int);
                    break;
                default:
                    code.Offset += OperandBytes(Operands[instruction]);
                    break;
            }
        }

        return tokens;
    }

    private static int OperandBytes(OperandType type) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };
}

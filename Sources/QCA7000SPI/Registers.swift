/// Registers of a QCA7000 on SPI, each 16 bits wide.
public enum QCA7000Register: UInt16, CaseIterable, Sendable {
  /// BFR_SIZE: octets of the next transfer of frames.
  case transferSize = 0x0100
  /// WRBUF_SPC_AVA: free octets of the write buffer; 3,163 when it is empty.
  case writeSpace = 0x0200
  /// RDBUF_BYTE_AVA: octets ready to be read.
  case readAvailable = 0x0300
  /// SPI_CONFIG; bit 6 resets the chip.
  case configuration = 0x0400
  /// SPI_STATUS.
  case status = 0x0500
  /// INTR_CAUSE; writing a bit clears it.
  case interruptCause = 0x0C00
  /// INTR_ENABLE.
  case interruptEnable = 0x0D00
  /// RDBUF_WATERMARK.
  case readWatermark = 0x1200
  /// WRBUF_WATERMARK.
  case writeWatermark = 0x1300
  /// SIGNATURE: reads 0xAA55.
  case signature = 0x1A00
  /// ACTION_CTRL.
  case action = 0x1B00
}

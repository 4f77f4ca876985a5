// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices of a board that the kernel has no simulation of: PWM chips, ADCs, and the port of a power-line modem. Built
 * into the test kernel by Tests/Kernel/build.sh, and in no product. A line written to a file below
 * /sys/kernel/debug/bench makes one:
 *
 *   pwm      NAME CHANNELS            a chip of that parent; what is driven is read at its sysfs files
 *   adc      NAME VOLTAGES TEMPS      an IIO device of that name; its values are set by writing their own files
 *   port     PARENT DRIVER PEER       a network port below a device PARENT with driver DRIVER, joined to port PEER
 */
#include <linux/debugfs.h>
#include <linux/etherdevice.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/trigger_consumer.h>
#include <linux/iio/triggered_buffer.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pwm.h>
#include <linux/slab.h>
#include <linux/version.h>

#define NAME_SIZE 32

/* PWM: the core keeps the state and refuses what cannot be, such as a duty above the period. */

static int bench_pwm_apply(struct pwm_chip *chip, struct pwm_device *pwm, const struct pwm_state *state)
{
	return state->polarity == PWM_POLARITY_NORMAL ? 0 : -EINVAL;
}

static const struct pwm_ops bench_pwm_ops = {
	.apply = bench_pwm_apply,
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	.owner = THIS_MODULE,
#endif
};

static int add_pwm(struct device *parent, unsigned int channels)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
	struct pwm_chip *chip = kzalloc(sizeof(*chip), GFP_KERNEL);

	if (!chip)
		return -ENOMEM;
	chip->dev = parent;
	chip->npwm = channels;
#else
	struct pwm_chip *chip = pwmchip_alloc(parent, channels, 0);

	if (IS_ERR(chip))
		return PTR_ERR(chip);
#endif
	chip->ops = &bench_pwm_ops;
	return pwmchip_add(chip);
}

/* ADC: single values, and streams by whatever trigger it is given. */

#define ADC_CHANNELS 32

struct bench_adc {
	int raw[ADC_CHANNELS];
	int temperatures[ADC_CHANNELS];
	struct {
		u16 values[ADC_CHANNELS];
		s64 timestamp __aligned(8);
	} scan;
};

static int *bench_adc_value(struct iio_dev *device, const struct iio_chan_spec *channel)
{
	struct bench_adc *adc = iio_priv(device);

	return channel->type == IIO_TEMP ? &adc->temperatures[channel->channel] : &adc->raw[channel->channel];
}

static int bench_adc_read(struct iio_dev *device, const struct iio_chan_spec *channel, int *value, int *second, long mask)
{
	/* As most drivers: no single values while a buffer runs. */
	int result = iio_device_claim_direct_mode(device);

	if (result)
		return result;
	*value = READ_ONCE(*bench_adc_value(device, channel));
	iio_device_release_direct_mode(device);
	return IIO_VAL_INT;
}

static int bench_adc_write(struct iio_dev *device, const struct iio_chan_spec *channel, int value, int second, long mask)
{
	if (channel->type == IIO_VOLTAGE && (value < 0 || value > 4095))
		return -ERANGE;
	WRITE_ONCE(*bench_adc_value(device, channel), value);
	return 0;
}

static const struct iio_info bench_adc_info = {
	.read_raw = bench_adc_read,
	.write_raw = bench_adc_write,
};

static irqreturn_t bench_adc_trigger(int number, void *context)
{
	struct iio_poll_func *poll = context;
	struct iio_dev *device = poll->indio_dev;
	struct bench_adc *adc = iio_priv(device);
	unsigned int bit, count = 0;

	for_each_set_bit(bit, device->active_scan_mask, ADC_CHANNELS)
		adc->scan.values[count++] = READ_ONCE(adc->raw[bit]);
	iio_push_to_buffers_with_timestamp(device, &adc->scan, poll->timestamp);
	iio_trigger_notify_done(device->trig);
	return IRQ_HANDLED;
}

static int add_adc(struct device *parent, const char *name, unsigned int voltages, unsigned int temperatures)
{
	struct iio_dev *device = iio_device_alloc(parent, sizeof(struct bench_adc));
	struct iio_chan_spec *channels = kcalloc(voltages + temperatures + 1, sizeof(*channels), GFP_KERNEL);
	unsigned int count = 0, index;
	int result;

	if (!device || !channels)
		return -ENOMEM;
	for (index = 0; index < voltages; index++)
		channels[count++] = (struct iio_chan_spec){
			.type = IIO_VOLTAGE,
			.indexed = 1,
			.channel = index,
			.info_mask_separate = BIT(IIO_CHAN_INFO_RAW),
			.scan_index = index,
			.scan_type = { .sign = 'u', .realbits = 12, .storagebits = 16, .endianness = IIO_CPU },
		};
	for (index = 0; index < temperatures; index++)
		channels[count++] = (struct iio_chan_spec){
			.type = IIO_TEMP,
			.indexed = 1,
			.channel = index,
			.info_mask_separate = BIT(IIO_CHAN_INFO_PROCESSED),
			.scan_index = -1,
		};
	channels[count++] = (struct iio_chan_spec)IIO_CHAN_SOFT_TIMESTAMP(voltages);
	device->name = name;
	device->info = &bench_adc_info;
	device->modes = INDIO_DIRECT_MODE;
	device->channels = channels;
	device->num_channels = count;
	result = iio_triggered_buffer_setup(device, iio_pollfunc_store_time, bench_adc_trigger, NULL);
	return result ?: iio_device_register(device);
}

/* Port of a modem: what is sent at one end arrives at the other. */

struct bench_port {
	struct net_device *peer;
};

static netdev_tx_t bench_port_send(struct sk_buff *packet, struct net_device *port)
{
	struct net_device *peer = ((struct bench_port *)netdev_priv(port))->peer;
	unsigned int length = packet->len;

	if (dev_forward_skb(peer, packet) == NET_RX_SUCCESS) {
		port->stats.tx_packets++;
		port->stats.tx_bytes += length;
		peer->stats.rx_packets++;
		peer->stats.rx_bytes += length;
	} else {
		port->stats.tx_dropped++;
	}
	return NETDEV_TX_OK;
}

static const struct net_device_ops bench_port_ops = {
	.ndo_start_xmit = bench_port_send,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

static int bench_bind(struct platform_device *device)
{
	return 0;
}

static int add_port(const char *parent, const char *driver_name, const char *peer_name)
{
	struct platform_device *device = platform_device_alloc(parent, PLATFORM_DEVID_NONE);
	struct platform_driver *driver;
	struct net_device *ports[2];
	u8 address[ETH_ALEN];
	int index, result;

	if (!device)
		return -ENOMEM;
	if (!driver_find(driver_name, &platform_bus_type)) {
		driver = kzalloc(sizeof(*driver), GFP_KERNEL);
		if (!driver)
			return -ENOMEM;
		driver->probe = bench_bind;
		driver->driver.name = driver_name;
		result = platform_driver_register(driver);
		if (result)
			return result;
	}
	device->driver_override = kstrdup(driver_name, GFP_KERNEL);
	result = platform_device_add(device);
	if (result)
		return result;
	for (index = 0; index < 2; index++) {
		ports[index] = alloc_netdev(sizeof(struct bench_port), index ? peer_name : "eth%d", NET_NAME_ENUM, ether_setup);
		if (!ports[index])
			return -ENOMEM;
		ports[index]->netdev_ops = &bench_port_ops;
	}
	/* A stand-in, as modems have until their own is read; the peer's differs in the last bit. */
	eth_hw_addr_random(ports[0]);
	memcpy(address, ports[0]->dev_addr, ETH_ALEN);
	address[ETH_ALEN - 1] ^= 1;
	eth_hw_addr_set(ports[1], address);
	for (index = 0; index < 2; index++)
		((struct bench_port *)netdev_priv(ports[index]))->peer = ports[1 - index];
	SET_NETDEV_DEV(ports[0], &device->dev);
	result = register_netdev(ports[1]);
	return result ?: register_netdev(ports[0]);
}

/* One line, one device. */

static char *bench_line(const char __user *text, size_t size)
{
	char *line = memdup_user_nul(text, min_t(size_t, size, 200));

	return IS_ERR(line) ? line : strim(line);
}

static ssize_t write_pwm(struct file *file, const char __user *text, size_t size, loff_t *offset)
{
	char *line = bench_line(text, size), name[NAME_SIZE];
	unsigned int channels;
	struct device *parent;
	int result;

	if (IS_ERR(line))
		return PTR_ERR(line);
	if (sscanf(line, "%31s %u", name, &channels) != 2)
		return -EINVAL;
	parent = root_device_register(name);
	result = IS_ERR(parent) ? PTR_ERR(parent) : add_pwm(parent, channels);
	return result ?: size;
}

static ssize_t write_adc(struct file *file, const char __user *text, size_t size, loff_t *offset)
{
	char *line = bench_line(text, size), name[NAME_SIZE];
	unsigned int voltages, temperatures;
	struct device *parent;
	int result;

	if (IS_ERR(line))
		return PTR_ERR(line);
	if (sscanf(line, "%31s %u %u", name, &voltages, &temperatures) != 3 || voltages >= ADC_CHANNELS ||
	    temperatures >= ADC_CHANNELS)
		return -EINVAL;
	parent = root_device_register(name);
	result = IS_ERR(parent) ? PTR_ERR(parent)
				: add_adc(parent, kstrdup(name, GFP_KERNEL), voltages, temperatures);
	return result ?: size;
}

static ssize_t write_port(struct file *file, const char __user *text, size_t size, loff_t *offset)
{
	char *line = bench_line(text, size), parent[NAME_SIZE], driver[NAME_SIZE], peer[IFNAMSIZ];
	int result;

	if (IS_ERR(line))
		return PTR_ERR(line);
	if (sscanf(line, "%31s %31s %15s", parent, driver, peer) != 3)
		return -EINVAL;
	result = add_port(kstrdup(parent, GFP_KERNEL), kstrdup(driver, GFP_KERNEL), peer);
	return result ?: size;
}

static const struct file_operations pwm_file = { .owner = THIS_MODULE, .write = write_pwm };
static const struct file_operations adc_file = { .owner = THIS_MODULE, .write = write_adc };
static const struct file_operations port_file = { .owner = THIS_MODULE, .write = write_port };

static int __init bench_devices(void)
{
	struct dentry *folder = debugfs_create_dir("bench", NULL);

	debugfs_create_file("pwm", 0200, folder, NULL, &pwm_file);
	debugfs_create_file("adc", 0200, folder, NULL, &adc_file);
	debugfs_create_file("port", 0200, folder, NULL, &port_file);
	return 0;
}
late_initcall(bench_devices);

"""The door of `reports`, the only module of it that others import.

Figures of sales and orders, for staff, campaigns and replays.
"""

from orders.reports.selectors.campaigns import (
    CampaignDelivery,
    CampaignLine,
    CampaignSum,
    OrderTaken,
    count_first_orders,
    count_returning,
    find_states,
    find_taken,
    list_campaign_deliveries,
    list_campaign_lines,
    sum_campaigns,
    sum_margin_of,
    sum_sales_of,
)
from orders.reports.selectors.cohorts import (
    OrderColumns,
    list_cohorts,
    list_sales_so_far,
    load_order_columns,
    sum_between,
    sum_shopper_sales,
)
from orders.reports.selectors.recorded_orders import (
    RecordedLine,
    RecordedOrder,
    find_facts_then,
    find_recorded_order,
    load_recorded_orders,
)
from orders.reports.selectors.statistics import (
    DaySales,
    find_order_of_quote,
    list_day_sales,
    list_ordered_since,
    list_orders_of_shopper,
    list_running_out,
    list_taken_lines,
    list_week_sales,
    sum_simulated,
)
from orders.reports.services import summarize_sales

__all__ = [
    "CampaignDelivery",
    "CampaignLine",
    "CampaignSum",
    "DaySales",
    "OrderColumns",
    "OrderTaken",
    "RecordedLine",
    "RecordedOrder",
    "count_first_orders",
    "count_returning",
    "find_facts_then",
    "find_order_of_quote",
    "find_recorded_order",
    "find_states",
    "find_taken",
    "list_campaign_deliveries",
    "list_campaign_lines",
    "list_cohorts",
    "list_day_sales",
    "list_ordered_since",
    "list_orders_of_shopper",
    "list_running_out",
    "list_sales_so_far",
    "list_taken_lines",
    "list_week_sales",
    "load_order_columns",
    "load_recorded_orders",
    "sum_between",
    "sum_campaigns",
    "sum_margin_of",
    "sum_sales_of",
    "sum_shopper_sales",
    "sum_simulated",
    "summarize_sales",
]
